/**
 * WatchedApplication stands between a member and what runs on it, and tells the observers of a world what passes. It looks
 * at a payload before the application runs, which may keep views of it but must not change it.
 */
import type { Application, Delivery, StateChange, View } from '@bowecho/core';
import { CheckError } from './check-error.js';
import { hashBytes } from './delivery-history.js';
import type { Observer } from './observer.js';

/** What the world itself does with deliveries. */
export interface DeliveryWatch {
  /** A place in a turn where something may land, or the node may die. */
  beforeDelivery(): void;
  /** False: the node has died in the midst of this turn, and nothing of it happens any more. */
  readonly isAlive: boolean;
  /** Keeps the delivery in its histories. */
  onDelivery(delivery: Delivery, hash: number): void;
}

export class WatchedApplication implements Application {
  constructor(
    private readonly rank: number,
    private readonly watch: DeliveryWatch,
    private readonly observers: readonly Observer[],
    private readonly inner: Application,
  ) {}

  deliver(delivery: Delivery): void {
    if (!this.watch.isAlive) return;
    this.watch.beforeDelivery();
    if (!this.watch.isAlive) return;
    const hash = hashBytes(delivery.memory, delivery.offset, delivery.length);
    this.watch.onDelivery(delivery, hash);
    this.inner.deliver(delivery);
    for (const observer of this.observers) observer.onDelivery(this.rank, delivery, hash);
  }

  onViewInstalled(view: View): void {
    if (this.watch.isAlive) this.inner.onViewInstalled(view);
  }

  onViewEnded(reason: string): void {
    if (!this.watch.isAlive) return;
    this.inner.onViewEnded(reason);
    for (const observer of this.observers) observer.onViewEnded(this.rank, reason);
  }

  onStateChanged(change: StateChange): void {
    if (!this.watch.isAlive) return;
    this.inner.onStateChanged(change);
    for (const observer of this.observers) observer.onStateChanged(this.rank, change);
  }

  onMessage(fromRank: number, bytes: Uint8Array): void {
    if (this.watch.isAlive) this.inner.onMessage(fromRank, bytes);
  }

  onHalted(error: unknown): void {
    // What an observer threw in the middle of a turn has halted the member, but it is the run that is to end.
    if (error instanceof CheckError) throw error;
    if (!this.watch.isAlive) return;
    this.inner.onHalted(error);
    for (const observer of this.observers) observer.onHalted(this.rank, error);
  }
}
