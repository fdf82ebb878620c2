/**
 * FoldApplication is the smallest replicated state machine: its state, per set, is a hash of all messages applied so far.
 * Two replicas that applied the same messages in the same order are equal, and any other two are not.
 */
import type { Application, Delivery } from '@bowecho/core';
import { hashBytes } from './delivery-history.js';
import { mix } from './random.js';

export class FoldApplication implements Application {
  private readonly states = new Map<number, number>();

  deliver(delivery: Delivery): void {
    this.apply(delivery.set, delivery.sender, hashBytes(delivery.memory, delivery.offset, delivery.length));
  }

  protected apply(set: number, sender: number, hash: number): void {
    this.states.set(set, mix(this.digest(set) ^ hash, sender + 1));
  }

  /** Begins with what another one has of that set. */
  adopt(set: number, other: FoldApplication): void {
    this.states.set(set, other.digest(set));
  }

  /** The state of a set. */
  digest(set: number): number {
    return this.states.get(set) ?? 0;
  }

  onViewEntered(): void {}
  onViewInstalled(): void {}
  onEnded(): void {}
  onStateChanged(): void {}
  onMessage(): void {}
  onHalted(): void {}
}
