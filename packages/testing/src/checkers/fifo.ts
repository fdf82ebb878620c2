/**
 * Fifo (C3): each replica delivers the messages of each sender in the order of their tickets, none twice, none left out,
 * none that was never sent, and with the bytes that were sent. Messages that their sender took back are skipped.
 */
import type { Delivery } from '@bowecho/core';
import { hashBytes } from '../delivery-history.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** What one sender sent to one set. */
class Sent {
  /** By ticket. */
  readonly hash: number[] = [];
  readonly length: number[] = [];
  readonly withdrawn = new Set<number>();
  /** By rank: the next ticket to be delivered there. */
  readonly next: number[];

  constructor(nodes: number) {
    this.next = new Array<number>(nodes).fill(0);
  }
}

export class Fifo extends Checker {
  override readonly name = 'fifo';
  /** By set and sender's rank. */
  private readonly sent: readonly Sent[];
  private readonly nodes: number;

  constructor(world: World) {
    super(world);
    this.nodes = world.view.members.length;
    this.sent = Array.from({ length: world.sets.length * this.nodes }, () => new Sent(this.nodes));
  }

  override onSend(rank: number, set: number, ticket: number, payload: Uint8Array, length: number): void {
    const sent = this.sent[set * this.nodes + rank]!;
    if (ticket !== sent.hash.length) {
      this.fail(`rank ${rank} gives ticket ${ticket} in set ${set} after ${sent.hash.length} messages`, []);
    }
    sent.hash.push(hashBytes(payload, 0, length));
    sent.length.push(length);
  }

  override onWithdraw(rank: number, set: number, ticket: number): void {
    this.sent[set * this.nodes + rank]!.withdrawn.add(ticket);
  }

  override onDelivery(rank: number, delivery: Delivery, hash: number): void {
    const { set, sender, length } = delivery;
    const sent = this.sent[set * this.nodes + sender]!;
    let ticket = sent.next[rank]!;
    while (sent.withdrawn.has(ticket)) ticket++;
    sent.next[rank] = ticket + 1;
    if (ticket >= sent.hash.length) {
      this.fail(`rank ${rank} delivers a message of rank ${sender} in set ${set} that was never sent`, [
        `rank ${sender} sent ${sent.hash.length} messages`,
        `rank ${rank} delivers one more, ordinal ${delivery.ordinal}, ${length} bytes`,
      ]);
    }
    if (sent.hash[ticket] !== hash || sent.length[ticket] !== length) {
      this.fail(
        `message ${ticket} of rank ${sender} in set ${set} does not arrive at rank ${rank} as it was sent`,
        [
          `sent      ${sent.length[ticket]} bytes, hash ${sent.hash[ticket]! >>> 0}`,
          `delivered ${length} bytes, hash ${hash >>> 0}, ordinal ${delivery.ordinal}`,
        ],
      );
    }
  }
}
