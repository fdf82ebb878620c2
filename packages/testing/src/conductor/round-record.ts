/**
 * RoundRecord is what a round of the soak leaves behind: what every member's callers saw, what its replica applied, and in
 * the end the states of those who survived. The checks work on it and on nothing else.
 *
 * Times are microseconds of CLOCK_MONOTONIC, which all processes of one host share.
 */

/** One call of a member's client. */
export interface SeenCall {
  readonly member: string;
  /** Of this member: 1, 2, ... */
  readonly number: number;
  readonly key: string;
  /** What an append appends, unlike all others of the round; undefined for a read. */
  readonly command: string | undefined;
  readonly calledAt: number;
  /** Undefined where the caller never learnt it: it was killed, or stopped to the end. */
  readonly end: CallEnd | undefined;
}

export type CallEnd = { readonly at: number } & (
  | { readonly value: Answer }
  | { readonly error: { readonly code: string; readonly didExecute: string; readonly message: string } }
);

/** What the list was after an append, or as it was read. */
export interface Answer {
  readonly length: number;
  /** The last command; empty where there is none. */
  readonly last: string;
}

/** What a replica did: applied a command to a list, or began to run a view. */
export type Step =
  | { readonly kind: 'applied'; readonly key: string; readonly command: string }
  | { readonly kind: 'view'; readonly id: number; readonly members: string };

/**
 * - `survived`: it ran the last view.
 * - `killed`: by us.
 * - `left out`: the others went on without it, after a pause or a cut or without cause, while its process lived.
 */
export type Fate = 'survived' | 'killed' | 'left out';

export interface MemberRecord {
  readonly id: string;
  readonly fate: Fate;
  /** When the first survivor ran a view without it; undefined for who survived. */
  readonly goneAt: number | undefined;
  readonly calls: readonly SeenCall[];
  /** In the order in which its process did them. */
  readonly steps: readonly Step[];
  /** The lists by their keys; undefined for who did not survive. */
  readonly state: ReadonlyMap<string, readonly string[]> | undefined;
}

export interface RoundRecord {
  readonly members: readonly MemberRecord[];
}

/** For people: `append n3-17 to k9.2`. */
export function describeCall({ member, key, command, calledAt, end }: SeenCall): string {
  const what = command === undefined ? `read ${key}` : `append ${command} to ${key}`;
  const head = `${calledAt} us ${member} ${what}`;
  if (end === undefined) return `${head}: no answer`;
  const took = `after ${Math.round(end.at - calledAt)} us`;
  return 'value' in end
    ? `${head} -> length ${end.value.length}, last ${end.value.last || 'none'} ${took}`
    : `${head} threw ${end.error.code} (didExecute ${end.error.didExecute}) ${took}`;
}
