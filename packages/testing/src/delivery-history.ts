/**
 * DeliveryHistory is what one member delivered, in order, in parallel arrays that only grow. It is what a test of an
 * actor or of the protocol looks at after a run; it keeps a hash of the payload and not the payload.
 */
import type { ObservedDelivery } from './observer.js';

export class DeliveryHistory {
  /** By delivery: replica set, node of the sender, hash of the payload (32 bits, signed). */
  readonly set: number[] = [];
  readonly sender: number[] = [];
  readonly hash: number[] = [];
  /** By delivery: view, ordinal, agreed time (microseconds since 1970), and when it was delivered in virtual microseconds. */
  readonly vid: number[] = [];
  readonly ordinal: number[] = [];
  readonly time: number[] = [];
  readonly at: number[] = [];

  get length(): number {
    return this.set.length;
  }

  add(delivery: ObservedDelivery, hash: number, at: number): void {
    this.set.push(delivery.set);
    this.sender.push(delivery.sender);
    this.hash.push(hash);
    this.vid.push(delivery.vid);
    this.ordinal.push(delivery.ordinal);
    this.time.push(delivery.time);
    this.at.push(at);
  }
}

/** A hash of `memory[offset .. offset + length)`: 32 bits, FNV-1a. */
export function hashBytes(memory: Uint8Array, offset: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = offset; i < offset + length; i++) hash = Math.imul(hash ^ memory[i]!, 0x01000193);
  return hash;
}
