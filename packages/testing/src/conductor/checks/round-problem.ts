/** What a check of a round found, each a sentence that names who and what. */

export type ProblemKind =
  /** Acknowledged, and applied nowhere; or said to have executed, and did not. */
  | 'lost'
  /** Applied more than once. */
  | 'doubled'
  /** Applied though its caller was told that it was not. */
  | 'denied'
  /** Applied at another place than its caller was told. */
  | 'misplaced'
  /** Applied, and called by nobody. */
  | 'unheard-of'
  /** Replicas differ in what they applied, or in its order, or in the place of a view. */
  | 'order'
  /** Survivors differ in their states, or from what was applied. */
  | 'state'
  /** A read told what was true before it was called, and was not any more. */
  | 'stale'
  /** Answers that no order of the calls explains. */
  | 'unexplained'
  /** Calls of one key overlap too much to be judged. */
  | 'undecided';

export interface RoundProblem {
  readonly kind: ProblemKind;
  readonly sentence: string;
  /** Of a stale read: whether its member had been left out by the others when it answered. */
  readonly isOfLeftOut?: boolean;
}
