/**
 * TotalOrder (C1, and C4 as far as order goes): in an ordered set all replicas deliver the same messages in the same
 * order, over all views, with the same ordinals 0, 1, 2, ... of each view and the same times, which grow. Any two
 * replicas' sequences are prefixes of one another, also those of members that died or were left out.
 *
 * Whoever delivers a place of the sequence first sets the standard for it; all others are compared with that. So the cost per
 * delivery does not depend on how many replicas there are.
 */
import type { ObservedDelivery } from '../observer.js';
import type { Teachers } from '../simulated-joins.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** The sequence of one set. */
class Sequence {
  /** By place: who delivered it first, and what. */
  readonly firstNode: number[] = [];
  readonly sender: number[] = [];
  readonly hash: number[] = [];
  readonly vid: number[] = [];
  readonly ordinal: number[] = [];
  readonly time: number[] = [];
  /** By node: how many it has delivered. */
  readonly counts: number[];

  constructor(nodes: number) {
    this.counts = new Array<number>(nodes).fill(0);
  }

  line(node: number, at: number, { sender, vid, ordinal, time }: ObservedDelivery, hash: number): string {
    return `node ${node} delivers as number ${at} ordinal ${ordinal} of view ${vid}: a message of node ${sender}, hash ${hash >>> 0}, time ${time}`;
  }
}

export class TotalOrder extends Checker {
  override readonly name = 'total-order';
  private readonly sequences: readonly (Sequence | undefined)[];

  constructor(world: World) {
    super(world);
    this.sequences = world.sets.map(set =>
      set.mode === 'ordered' ? new Sequence(world.capacity) : undefined,
    );
  }

  override onJoined(node: number, teachers: Teachers): void {
    this.sequences.forEach((sequence, set) => {
      const teacher = teachers[set];
      if (sequence !== undefined && teacher !== undefined) sequence.counts[node] = sequence.counts[teacher]!;
    });
  }

  override onDelivery(node: number, delivery: ObservedDelivery, hash: number): void {
    const sequence = this.sequences[delivery.set];
    if (sequence === undefined) return;
    const at = sequence.counts[node]!++;
    if (at === sequence.sender.length) {
      this.checkNext(sequence, node, at, delivery);
      sequence.firstNode.push(node);
      sequence.sender.push(delivery.sender);
      sequence.hash.push(hash);
      sequence.vid.push(delivery.vid);
      sequence.ordinal.push(delivery.ordinal);
      sequence.time.push(delivery.time);
    } else if (
      sequence.sender[at] !== delivery.sender ||
      sequence.hash[at] !== hash ||
      sequence.vid[at] !== delivery.vid ||
      sequence.ordinal[at] !== delivery.ordinal ||
      sequence.time[at] !== delivery.time
    ) {
      const standard: ObservedDelivery = {
        set: delivery.set,
        sender: sequence.sender[at]!,
        vid: sequence.vid[at]!,
        ordinal: sequence.ordinal[at]!,
        time: sequence.time[at]!,
        length: 0,
      };
      this.fail(`two replicas of set ${delivery.set} disagree on number ${at} of its sequence`, [
        sequence.line(sequence.firstNode[at]!, at, standard, sequence.hash[at]!),
        sequence.line(node, at, delivery, hash),
      ]);
    }
  }

  /** Ordinals count up in a view and begin again in the next; times and views grow. */
  private checkNext(sequence: Sequence, node: number, at: number, delivery: ObservedDelivery): void {
    const { set, vid, ordinal, time } = delivery;
    const before = at - 1;
    const isSameView = at > 0 && sequence.vid[before] === vid;
    const expected = isSameView ? sequence.ordinal[before]! + 1 : 0;
    if (ordinal !== expected || (at > 0 && vid < sequence.vid[before]!)) {
      this.fail(
        `node ${node} delivers ordinal ${ordinal} of view ${vid} of set ${set} after ${expected} others of it`,
        [`it delivers that as number ${at} of the sequence`],
      );
    }
    if (at > 0 && time <= sequence.time[before]!) {
      this.fail(`time does not grow at number ${at} of set ${set}`, [
        `number ${before} has time ${sequence.time[before]}`,
        `number ${at} has time ${time}`,
      ]);
    }
  }
}
