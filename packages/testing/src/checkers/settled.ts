/**
 * Settled (C5, C12): once nothing is under way any more, every message that was sent and not taken back is delivered at
 * every replica of its set. Where somebody left, the view has ended for everybody, and what the leaver had sent is
 * delivered everywhere; what others had not published by then is left over.
 *
 * Where something broke, that holds as far as it can. Nobody goes on who was told that another is lost, or who can hear of
 * a member that lives and whose view has ended. Nobody waits for others to come up but for one that cannot. Only where a
 * member died or writes were lost, and nobody was told, may messages wait for ever: no checker knows what no member can.
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
    const { world } = this;
    const { members } = world;
    members.forEach((_, rank) => {
      if (world.isAlive(rank)) this.checkState(rank);
    });
    for (const { index, senders, replicas } of world.sets) {
      const isWell = this.isWhole(replicas) && replicas.every(rank => members[rank]!.state === 'running');
      for (const sender of senders) {
        if (isWell || this.drained.has(sender)) this.checkArrived(index, sender, replicas);
      }
    }
  }

  /** Whether none of them has died, and each hears what every other says. */
  private isWhole(ranks: readonly number[]): boolean {
    const { world } = this;
    return ranks.every(
      rank => world.isAlive(rank) && ranks.every(other => other === rank || world.hears(rank, other)),
    );
  }

  /** That a member which lives is where it belongs. */
  private checkState(rank: number): void {
    const { world } = this;
    const { members } = world;
    const { state } = members[rank]!;
    const others = members.map((_, other) => other).filter(other => other !== rank);
    switch (state) {
      case 'wedged':
      case 'halted':
        return;
      case 'connecting':
        this.checkKeys(rank);
        return;
      case 'installing':
      case 'running':
      case 'leaving': {
        if (world.isToldOfLoss(rank)) this.failState(`rank ${rank} was told of a loss, and goes on`);
        const ended = others.find(
          other => world.isAlive(other) && members[other]!.state === 'wedged' && world.hears(rank, other),
        );
        if (ended !== undefined) this.failState(`the view has ended for rank ${ended} and not for ${rank}`);
        if (state !== 'running' && this.isWhole([rank, ...others]))
          this.failState(`rank ${rank} is ${state} for ever`);
      }
    }
  }

  /** Keys are given again over every new connection: only those of a member that died never come. */
  private checkKeys(rank: number): void {
    const { members } = this.world.view;
    const dead = members
      .filter((_, other) => !this.world.isAlive(other))
      .map(({ id }) => `the keys of ${id}`);
    const waited = this.world.members[rank]!.waitingFor();
    if (waited.length === 0 || !waited.every(what => dead.includes(what)))
      this.failState(`rank ${rank} is connecting for ever`);
  }

  private failState(sentence: string): never {
    const { members } = this.world;
    this.fail(
      `${sentence}, and nothing is under way`,
      members.map(
        (member, rank) =>
          `rank ${rank} ${this.world.isAlive(rank) ? `is ${member.state}` : 'has crashed'}, waits for ${member.waitingFor().join()}`,
      ),
    );
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
