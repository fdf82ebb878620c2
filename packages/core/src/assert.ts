/**
 * assert states what cannot happen. It is on in production: a member whose assertion fails halts, and virtual
 * synchrony turns that into one failed member instead of a corrupt group.
 *
 * What a caller *can* meet (bad configuration, a full queue, a view change) is a `BowechoError` instead; see errors.ts.
 * On a hot path write `if (!ok) fail(...)`: then the sentence is only built when it is needed.
 */

/** Thrown when an invariant of the protocol is broken: a bug in Bowecho, or memory that was written by something else. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ASSERTION';
}

/** Ends the turn with an `AssertionError`. The sentence carries the numbers that disagree. */
export function fail(sentence: string): never {
  throw new AssertionError(sentence);
}

/** States that `condition` holds. `sentence` says what is wrong otherwise, with the numbers that disagree. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) fail(sentence);
}
