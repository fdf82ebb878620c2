/**
 * Rounds are Lamport time for the frames of one shard. The total order of a shard is (round, sender rank).
 *
 * Two rules make an acknowledgement a promise. A member that received a frame of round R publishes only rounds above R;
 * and it gives rounds when it publishes, after receiving, never when a caller queues a message. So once everybody has
 * acknowledged (R, s), no unknown frame below it can exist anywhere.
 */

/** The clock after a frame of `round` was received: the next round given is above it. */
export function observeRound(clock: number, round: number): number {
  return round > clock ? round : clock;
}

/** The round for what is published now; it is also the clock afterwards. */
export function nextRound(clock: number): number {
  return clock + 1;
}

/** Whether (round, rank) comes before (otherRound, otherRank) in the total order. */
export function precedes(round: number, rank: number, otherRound: number, otherRank: number): boolean {
  return round < otherRound || (round === otherRound && rank < otherRank);
}
