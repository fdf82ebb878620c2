/**
 * WatchedApplication stands between a member and what runs on it, and tells the observers of a world what passes. It looks
 * at a payload before the application runs, which may keep views of it but must not change it.
 */
import type { Application, Delivery, MemberIdentity, MembershipEnd, StateChange, View } from '@bowecho/core';
import { CheckError } from './check-error.js';
import { hashBytes } from './delivery-history.js';
import type { ObservedDelivery, Observer } from './observer.js';

/** What the world itself does with deliveries. */
export interface DeliveryWatch {
  /** A place in a turn where something may land, or the node may die. */
  beforeDelivery(): void;
  /** False: the node has died in the midst of this turn, and nothing of it happens any more. */
  readonly isAlive: boolean;
  /** The node of that rank in the view that the member is in now. */
  nodeOf(rank: number): number;
  /** The member is in its next view. */
  onViewEntered(view: View): void;
  /** Keeps the delivery in its histories. */
  onDelivery(delivery: ObservedDelivery, hash: number): void;
}

/** `ObservedDelivery`, writable: one object per node. */
class Observed implements ObservedDelivery {
  set = 0;
  sender = 0;
  vid = 0;
  ordinal = 0;
  time = 0;
  length = 0;
}

export class WatchedApplication implements Application {
  private readonly observed = new Observed();

  constructor(
    private readonly node: number,
    private readonly watch: DeliveryWatch,
    private readonly observers: readonly Observer[],
    private readonly inner: Application,
  ) {}

  deliver(delivery: Delivery): void {
    if (!this.watch.isAlive) return;
    this.watch.beforeDelivery();
    if (!this.watch.isAlive) return;
    const hash = hashBytes(delivery.memory, delivery.offset, delivery.length);
    const { observed } = this;
    observed.set = delivery.set;
    observed.sender = this.watch.nodeOf(delivery.sender);
    observed.vid = delivery.vid;
    observed.ordinal = delivery.ordinal;
    observed.time = delivery.time;
    observed.length = delivery.length;
    this.watch.onDelivery(observed, hash);
    this.inner.deliver(delivery);
    for (const observer of this.observers) observer.onDelivery(this.node, observed, hash);
  }

  onViewEntered(view: View): void {
    if (!this.watch.isAlive) return;
    this.inner.onViewEntered(view);
    for (const observer of this.observers) observer.onViewEntered(this.node, view);
    this.watch.onViewEntered(view);
  }

  onViewInstalled(view: View): void {
    if (!this.watch.isAlive) return;
    this.inner.onViewInstalled(view);
    for (const observer of this.observers) observer.onViewInstalled(this.node, view);
  }

  onEnded(end: MembershipEnd): void {
    if (!this.watch.isAlive) return;
    this.inner.onEnded(end);
    for (const observer of this.observers) observer.onEnded(this.node, end);
  }

  onStateChanged(change: StateChange): void {
    if (!this.watch.isAlive) return;
    this.inner.onStateChanged(change);
    for (const observer of this.observers) observer.onStateChanged(this.node, change);
  }

  onMessage(from: MemberIdentity, bytes: Uint8Array): void {
    if (this.watch.isAlive) this.inner.onMessage(from, bytes);
  }

  onHalted(error: unknown): void {
    // What an observer threw in the middle of a turn has halted the member, but it is the run that is to end.
    if (error instanceof CheckError) throw error;
    if (!this.watch.isAlive) return;
    this.inner.onHalted(error);
    for (const observer of this.observers) observer.onHalted(this.node, error);
  }
}
