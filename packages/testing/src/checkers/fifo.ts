/**
 * Fifo (C3): each replica delivers the messages of each sender in the order of their tickets, none twice, none left out,
 * none that was never sent, and with the bytes that were sent, over all views: what was left over in one comes in the next.
 * Messages that their sender took back are skipped.
 */
import { hashBytes } from '../delivery-history.js';
import type { ObservedDelivery } from '../observer.js';
import type { Teachers } from '../simulated-joins.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** What one sender sent to one set. */
class Sent {
  /** By ticket. */
  readonly hash: number[] = [];
  readonly length: number[] = [];
  readonly withdrawn = new Set<number>();
  /** By node: the next ticket to be delivered there. */
  readonly next: number[];

  constructor(nodes: number) {
    this.next = new Array<number>(nodes).fill(0);
  }
}

export class Fifo extends Checker {
  override readonly name = 'fifo';
  /** By set and sender's node. */
  private readonly sent: readonly Sent[];
  private readonly nodes: number;

  constructor(world: World) {
    super(world);
    this.nodes = world.capacity;
    this.sent = Array.from({ length: world.sets.length * this.nodes }, () => new Sent(this.nodes));
  }

  override onSend(node: number, set: number, ticket: number, payload: Uint8Array, length: number): void {
    const sent = this.sent[set * this.nodes + node]!;
    if (ticket !== sent.hash.length) {
      this.fail(`node ${node} gives ticket ${ticket} in set ${set} after ${sent.hash.length} messages`, []);
    }
    sent.hash.push(hashBytes(payload, 0, length));
    sent.length.push(length);
  }

  override onWithdraw(node: number, set: number, ticket: number): void {
    this.sent[set * this.nodes + node]!.withdrawn.add(ticket);
  }

  override onJoined(node: number, teachers: Teachers): void {
    this.sent.forEach(({ next }, at) => {
      const teacher = teachers[Math.floor(at / this.nodes)];
      if (teacher !== undefined) next[node] = next[teacher]!;
    });
  }

  override onDelivery(node: number, delivery: ObservedDelivery, hash: number): void {
    const { set, sender, length } = delivery;
    const sent = this.sent[set * this.nodes + sender]!;
    let ticket = sent.next[node]!;
    while (sent.withdrawn.has(ticket)) ticket++;
    sent.next[node] = ticket + 1;
    if (ticket >= sent.hash.length) {
      this.fail(`node ${node} delivers a message of node ${sender} in set ${set} that was never sent`, [
        `node ${sender} sent ${sent.hash.length} messages`,
        `node ${node} delivers one more, ordinal ${delivery.ordinal}, ${length} bytes`,
      ]);
    }
    if (sent.hash[ticket] !== hash || sent.length[ticket] !== length) {
      this.fail(
        `message ${ticket} of node ${sender} in set ${set} does not arrive at node ${node} as it was sent`,
        [
          `sent      ${sent.length[ticket]} bytes, hash ${sent.hash[ticket]! >>> 0}`,
          `delivered ${length} bytes, hash ${hash >>> 0}, ordinal ${delivery.ordinal}`,
        ],
      );
    }
  }
}
