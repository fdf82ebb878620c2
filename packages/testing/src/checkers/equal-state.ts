/**
 * EqualState (C8): replicas that delivered equally many messages of a set have the same state. What a state is, the world
 * does not know; whoever sets up a run hands in `digest`, which is asked after each delivery.
 *
 * Total order alone does not give this: an application that applies a message twice, or skips one, has delivered the
 * right messages in the right order.
 */
import type { ObservedDelivery } from '../observer.js';
import type { Teachers } from '../simulated-joins.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** A hash of what the replica at that node holds for that set; anything that `===` tells apart. */
export type Digest = (node: number, set: number) => number | string;

export class EqualState extends Checker {
  override readonly name = 'equal-state';
  /** By set, then by place in its sequence: the first digest seen there, and whose it was. */
  private readonly digests: (number | string)[][];
  private readonly firstNodes: number[][];
  /** By set, then by node: deliveries so far. */
  private readonly counts: number[][];

  constructor(
    world: World,
    private readonly digest: Digest,
  ) {
    super(world);
    this.digests = world.sets.map(() => []);
    this.firstNodes = world.sets.map(() => []);
    this.counts = world.sets.map(() => new Array<number>(world.capacity).fill(0));
  }

  override onJoined(node: number, teachers: Teachers): void {
    this.counts.forEach((counts, set) => {
      const teacher = teachers[set];
      if (teacher !== undefined) counts[node] = counts[teacher]!;
    });
  }

  override onDelivery(node: number, { set }: ObservedDelivery): void {
    if (this.world.sets[set]!.mode !== 'ordered') return;
    const at = this.counts[set]![node]!++;
    const digests = this.digests[set]!;
    const mine = this.digest(node, set);
    if (at >= digests.length) {
      digests.push(mine);
      this.firstNodes[set]!.push(node);
    } else if (digests[at] !== mine) {
      this.fail(`after number ${at} two replicas of set ${set} have different states`, [
        `node ${this.firstNodes[set]![at]} has digest ${digests[at]}`,
        `node ${node} has digest ${mine}`,
      ]);
    }
  }
}
