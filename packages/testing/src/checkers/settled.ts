/**
 * Settled (C5, C12): once nothing is under way any more, every message that was sent and not taken back is delivered at
 * every replica of its set. Where somebody left, the view has ended for everybody, and what the leaver had sent is
 * delivered everywhere; what others had not published by then is left over.
 *
 * This is what finds a lost wake-up, ring space that is never freed, and an acknowledgement that is never pushed: all of
 * them make nothing wrong, and nothing happen.
 */
import type { Delivery, StateChange } from '@bowecho/core';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class Settled extends Checker {
  override readonly name = 'settled';
  private readonly nodes: number;
  /** By set and sender: messages sent and not taken back. */
  private readonly sent: number[];
  /** By set, replica and sender. */
  private readonly delivered: number[];
  /** Who left after all that it had sent was delivered. */
  private readonly drained = new Set<number>();

  constructor(world: World) {
    super(world);
    this.nodes = world.members.length;
    this.sent = new Array<number>(world.sets.length * this.nodes).fill(0);
    this.delivered = new Array<number>(world.sets.length * this.nodes ** 2).fill(0);
  }

  override onSend(rank: number, set: number): void {
    this.sent[set * this.nodes + rank]!++;
  }

  override onWithdraw(rank: number, set: number): void {
    this.sent[set * this.nodes + rank]!--;
  }

  override onDelivery(rank: number, { set, sender }: Delivery): void {
    this.delivered[(set * this.nodes + rank) * this.nodes + sender]!++;
  }

  override onStateChanged(rank: number, change: StateChange): void {
    if (change.event === 'DRAINED') this.drained.add(rank);
  }

  override onQuiet(): void {
    const { members } = this.world;
    const isRunning = members.every(member => member.state === 'running');
    if (!isRunning && !members.every(member => member.state === 'wedged')) {
      this.fail(
        'the view has ended for some and not for others, and nothing is under way',
        members.map(
          (member, rank) => `rank ${rank} is ${member.state}, waits for ${member.waitingFor().join()}`,
        ),
      );
    }
    for (const set of this.world.sets) {
      for (const sender of set.senders) {
        if (isRunning || this.drained.has(sender)) this.checkArrived(set.index, sender, set.replicas);
      }
    }
  }

  private checkArrived(set: number, sender: number, replicas: readonly number[]): void {
    const sent = this.sent[set * this.nodes + sender]!;
    for (const rank of replicas) {
      const delivered = this.delivered[(set * this.nodes + rank) * this.nodes + sender]!;
      if (delivered === sent) continue;
      this.fail(
        `rank ${rank} delivered ${delivered} of ${sent} messages of rank ${sender} in set ${set}, and nothing is under way`,
        this.world.members.map(member => member.describe()),
      );
    }
  }
}
