/**
 * DeliveryList is the deliveries of one turn as data: what the engine decided, for the host to hand to the application
 * before the turn's push lets senders overwrite the bytes. Parallel arrays made once; a turn allocates nothing.
 *
 * It has a capacity, so that a turn ends and acknowledgements get out however much has arrived; a driver whose application
 * is slow may lower it. That cuts the order into other turns and leaves it the same.
 */
import { fail } from '../assert.js';

/** The most that one turn delivers. */
export const DELIVERIES_PER_TURN = 2048;

export class DeliveryList {
  count = 0;
  /** How many one turn may deliver: 1 to `DELIVERIES_PER_TURN`. */
  limit = DELIVERIES_PER_TURN;
  /** By delivery: index of the replica set. */
  readonly set = new Int32Array(DELIVERIES_PER_TURN);
  /** Index of the sender among the set's senders. */
  readonly sender = new Int32Array(DELIVERIES_PER_TURN);
  /** Where the payload lies in the memory of the set's table, and its length in bytes. */
  readonly offset = new Int32Array(DELIVERIES_PER_TURN);
  readonly length = new Int32Array(DELIVERIES_PER_TURN);
  /** Ordered: place in the total order of the set in this view. Unordered: in the sender's own sequence. */
  readonly ordinal = new Float64Array(DELIVERIES_PER_TURN);
  /** Microseconds; the same at every replica. Ordered: growing. Unordered: the sender's clock. */
  readonly time = new Float64Array(DELIVERIES_PER_TURN);

  get room(): number {
    return this.limit - this.count;
  }

  add(set: number, sender: number, offset: number, length: number, ordinal: number, time: number): void {
    const i = this.count;
    if (i === DELIVERIES_PER_TURN) fail(`more than ${DELIVERIES_PER_TURN} deliveries in one turn`);
    this.set[i] = set;
    this.sender[i] = sender;
    this.offset[i] = offset;
    this.length[i] = length;
    this.ordinal[i] = ordinal;
    this.time[i] = time;
    this.count = i + 1;
  }

  clear(): void {
    this.count = 0;
  }
}
