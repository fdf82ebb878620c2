/**
 * Uniform (C4): what any member delivers of an ordered set while its view lives, also one that dies at once, every
 * replica of that set has received by then. So whoever lives on has it in memory, and no trim can leave it out. What is
 * delivered by the trim is the matter of `LastWord`.
 */
import type { StateChange } from '@bowecho/core';
import { engineOf, engineOfView, framesDelivered, framesReceived } from '../member-internals.js';
import type { ObservedDelivery } from '../observer.js';
import { Checker } from './checker.js';

export class Uniform extends Checker {
  override readonly name = 'uniform';
  /** By node: whether it delivers by the trim. All deliveries of a turn come before its changes of state. */
  private readonly isTrimming: boolean[] = new Array<boolean>(this.world.capacity).fill(false);

  override onStateChanged(node: number, { to }: StateChange): void {
    this.isTrimming[node] = to === 'trimming';
  }

  override onDelivery(node: number, { set: index, sender, ordinal, vid }: ObservedDelivery): void {
    const { members } = this.world;
    const member = members[node]!;
    const multicast = engineOf(member).multicasts[index]!;
    const { set } = multicast;
    if (set.mode !== 'ordered' || this.isTrimming[node]) return;
    const at = set.senders.findIndex(rank => this.world.nodeOf(member.view.members[rank]!) === sender);
    // All deliveries of a turn are decided before the first of them is performed.
    const counted = framesDelivered(multicast)[at]!;
    for (const rank of set.replicas) {
      const replica = this.world.nodeOf(member.view.members[rank]!);
      // Who has left that view behind had its say in the trim.
      const engine = engineOfView(members[replica]!, vid);
      if (engine === undefined) continue;
      const received = framesReceived(engine.multicasts[index]!)[at]!;
      if (received >= counted) continue;
      this.fail(`node ${node} delivers what node ${replica} has not received`, [
        `node ${node} delivers ordinal ${ordinal} of set ${index}, and with it ${counted} messages of node ${sender}`,
        `node ${replica} has received ${received} of that sender`,
      ]);
    }
  }
}
