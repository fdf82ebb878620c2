/**
 * Uniform (C4, as far as one view goes): what any member delivers of an ordered set, also one that dies at once, every
 * replica of that set has received by then. So whoever lives on has it in memory, and no trim can leave it out.
 */
import type { Delivery } from '@bowecho/core';
import { framesReceived } from '../member-internals.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class Uniform extends Checker {
  override readonly name = 'uniform';
  private readonly nodes: number;
  /** By set, replica and sender: messages delivered there. */
  private readonly delivered: number[];

  constructor(world: World) {
    super(world);
    this.nodes = world.members.length;
    this.delivered = new Array<number>(world.sets.length * this.nodes ** 2).fill(0);
  }

  override onDelivery(rank: number, { set: index, sender, ordinal }: Delivery): void {
    const set = this.world.sets[index]!;
    if (set.mode !== 'ordered') return;
    const count = ++this.delivered[(index * this.nodes + rank) * this.nodes + sender]!;
    for (const replica of set.replicas) {
      const received = framesReceived(this.world.members[replica]!, index, set.senders.indexOf(sender));
      if (received >= count) continue;
      this.fail(`rank ${rank} delivers what rank ${replica} has not received`, [
        `rank ${rank} delivers as ordinal ${ordinal} of set ${index} message ${count - 1} of rank ${sender}`,
        `rank ${replica} has received ${received} of that sender`,
      ]);
    }
  }
}
