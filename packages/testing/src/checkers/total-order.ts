/**
 * TotalOrder (C1): in an ordered set all replicas deliver the same messages in the same order, with the same ordinals
 * 0, 1, 2, ... and the same times, which grow. Any two replicas' sequences are prefixes of one another.
 *
 * Whoever delivers an ordinal first sets the standard for it; all others are compared with that. So the cost per delivery
 * does not depend on how many replicas there are.
 */
import type { Delivery } from '@bowecho/core';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** The sequence of one set. */
class Sequence {
  /** By ordinal. */
  readonly firstRank: number[] = [];
  readonly sender: number[] = [];
  readonly hash: number[] = [];
  readonly time: number[] = [];
  /** By rank: how many were delivered there. */
  readonly counts: number[];

  constructor(nodes: number) {
    this.counts = new Array<number>(nodes).fill(0);
  }

  line(rank: number, ordinal: number, sender: number, hash: number, time: number): string {
    return `rank ${rank} delivers as ordinal ${ordinal} a message of rank ${sender}, hash ${hash >>> 0}, time ${time}`;
  }
}

export class TotalOrder extends Checker {
  override readonly name = 'total-order';
  private readonly sequences: readonly (Sequence | undefined)[];

  constructor(world: World) {
    super(world);
    this.sequences = world.sets.map(set =>
      set.mode === 'ordered' ? new Sequence(world.view.members.length) : undefined,
    );
  }

  override onDelivery(rank: number, delivery: Delivery, hash: number): void {
    const sequence = this.sequences[delivery.set];
    if (sequence === undefined) return;
    const { ordinal, sender, time } = delivery;
    const expected = sequence.counts[rank]!++;
    if (ordinal !== expected) {
      this.fail(
        `rank ${rank} delivers ordinal ${ordinal} of set ${delivery.set} after ${expected} others`,
        [],
      );
    }
    if (ordinal < sequence.sender.length) {
      if (
        sequence.sender[ordinal] === sender &&
        sequence.hash[ordinal] === hash &&
        sequence.time[ordinal] === time
      ) {
        return;
      }
      this.fail(`two replicas of set ${delivery.set} disagree on ordinal ${ordinal}`, [
        sequence.line(
          sequence.firstRank[ordinal]!,
          ordinal,
          sequence.sender[ordinal]!,
          sequence.hash[ordinal]!,
          sequence.time[ordinal]!,
        ),
        sequence.line(rank, ordinal, sender, hash, time),
      ]);
    }
    if (ordinal > 0 && time <= sequence.time[ordinal - 1]!) {
      this.fail(`time does not grow at ordinal ${ordinal} of set ${delivery.set}`, [
        `ordinal ${ordinal - 1} has time ${sequence.time[ordinal - 1]}`,
        `ordinal ${ordinal} has time ${time}`,
      ]);
    }
    sequence.firstRank.push(rank);
    sequence.sender.push(sender);
    sequence.hash.push(hash);
    sequence.time.push(time);
  }
}
