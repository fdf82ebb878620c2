/** What the conductor and its members say to each other. */

/** What a member is told when it starts, as its only argument. */
export interface MemberJob {
  /** Of its round: where it writes its files. */
  readonly folder: string;
  readonly seed: string;
  readonly lanes: number;
  readonly suspicionMs: number;
}

/** `begin` to call; `stop` calling, and say so when all calls have ended; then `testify`. */
export type Order = 'begin' | 'stop' | 'testify';

export type Message =
  /** It runs a view since then, in microseconds of CLOCK_MONOTONIC. */
  | { readonly kind: 'view'; readonly id: number; readonly members: readonly string[]; readonly at: number }
  | { readonly kind: 'halted'; readonly reason: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'testified' }
  /** It ends now. */
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly sentence: string };
