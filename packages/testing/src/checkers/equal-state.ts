/**
 * EqualState (C8): replicas that delivered equally many messages of a set have the same state. What a state is, the world
 * does not know; whoever sets up a run hands in `digest`, which is asked after each delivery.
 *
 * Total order alone does not give this: an application that applies a message twice, or skips one, has delivered the
 * right messages in the right order.
 */
import type { Delivery } from '@bowecho/core';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** A hash of what the replica of that rank holds for that set; anything that `===` tells apart. */
export type Digest = (rank: number, set: number) => number | string;

export class EqualState extends Checker {
  override readonly name = 'equal-state';
  /** By set, then by ordinal: the first digest seen there, and whose it was. */
  private readonly digests: (number | string)[][];
  private readonly firstRanks: number[][];

  constructor(
    world: World,
    private readonly digest: Digest,
  ) {
    super(world);
    this.digests = world.sets.map(() => []);
    this.firstRanks = world.sets.map(() => []);
  }

  override onDelivery(rank: number, delivery: Delivery): void {
    const { set, ordinal } = delivery;
    if (this.world.sets[set]!.mode !== 'ordered') return;
    const digests = this.digests[set]!;
    const mine = this.digest(rank, set);
    if (ordinal >= digests.length) {
      digests.push(mine);
      this.firstRanks[set]!.push(rank);
    } else if (digests[ordinal] !== mine) {
      this.fail(`after ordinal ${ordinal} two replicas of set ${set} have different states`, [
        `rank ${this.firstRanks[set]![ordinal]} has digest ${digests[ordinal]}`,
        `rank ${rank} has digest ${mine}`,
      ]);
    }
  }
}
