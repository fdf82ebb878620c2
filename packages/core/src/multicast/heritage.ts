/**
 * Heritage is what the multicast of a replica set leaves to the one that follows it in the next view, at the same member.
 *
 * What its ring and its queue still hold of my own messages was delivered by nobody, and never will be in that view: it goes
 * out again in the next one, before anything else, in its order and once. Its callers do not notice.
 *
 * Who joins gets what belongs to all replicas from one that was there: it has no messages of its own.
 */
import type { WaitingMessage } from './send-queue.js';

export interface Heritage {
  /** Mine that nobody delivered, oldest first. */
  readonly leftovers: readonly WaitingMessage[];
  /** How many messages I have sent to this set. */
  readonly tickets: number;
  /** Time of the last delivery, microseconds. */
  readonly lastTime: number;
  /**
   * By sender: how many of its next messages I have handed up already. Unordered sets hand up on arrival, and what not
   * all of those who go on had received by then comes again.
   */
  readonly ahead: Float64Array;
}

/** What a multicast begins with at a replica that is new: the same at all others. */
export type SharedHeritage = Pick<Heritage, 'lastTime' | 'ahead'>;

/**
 * The same, with senders counted as in the next view: `senders[i]` is the old index of the sender that is now the i-th,
 * or -1.
 */
export function inherited(heritage: Heritage, senders: readonly number[]): Heritage {
  return { ...heritage, ahead: Float64Array.from(senders, old => (old < 0 ? 0 : heritage.ahead[old]!)) };
}
