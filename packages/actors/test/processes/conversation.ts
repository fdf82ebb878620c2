/** What a test and its members say to each other, over the channel between a process and the one that started it. */
import type { ClusterConfig, DidExecute } from '@bowecho/actors';

/** An error on its way to another process. */
export interface Failure {
  /** `UNTYPED` for whatever is neither a `BowechoError` nor an `ActorError`. */
  readonly code: string;
  readonly message: string;
  readonly didExecute: DidExecute | undefined;
  readonly problems: readonly string[];
  readonly details: unknown;
}

/** How a call ended. */
export type Outcome = { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & Failure);

/** What a member begins with: options over those that it gets from its environment. */
export type MemberConfig = Omit<Partial<ClusterConfig>, 'actors' | 'log'> & {
  /** Has an actor of the same name that is another one. */
  readonly hasOtherLedger?: boolean;
  /** A pair that works with two replicas and not with one. */
  readonly needsTwo?: boolean;
  /** Has no `Pair`, whose last replica a group may not lose. */
  readonly isWithoutPair?: boolean;
};

export type Task =
  | { readonly kind: 'begin'; readonly id: number; readonly config: MemberConfig }
  /** The text of a function, and its arguments after the first, which is the member's `Here`. */
  | { readonly kind: 'run'; readonly id: number; readonly source: string; readonly args: readonly unknown[] };

export interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  readonly value: unknown;
  readonly failure: Failure | undefined;
}

/** Something that happened by itself. */
export interface Told {
  readonly kind: 'event';
  /** Of a view the text is as in `view 1 of n1, n2 without n3`. */
  readonly name: 'started' | 'view' | 'halted' | 'deadLetter' | 'log';
  readonly text: string;
}
