/**
 * Settled (C4, C5, C12): once nothing is under way any more, whoever lives is out of the group or runs, and those who
 * run are one view of exactly them. What they and those who left in order have sent and not taken back is delivered at
 * every replica; what others delivered before they died or were left out, those who run have delivered too.
 *
 * The group goes on wherever it can. It ends for all only where some view lost half of its members, or a set its last
 * replica; and a member that is well is not left out where nothing happened but that others died.
 *
 * Where nobody beats, a member that died or whose writes were lost may be missed by nobody, and then those who wait for
 * it wait for ever: no checker knows what no member can.
 *
 * This is what finds a lost wake-up, ring space that is never freed, and an acknowledgement that is never pushed: all of
 * them make nothing wrong, and nothing happen.
 */
import type { MembershipEnd, View } from '@bowecho/core';
import type { Fault } from '../faults/fault.js';
import type { ObservedDelivery } from '../observer.js';
import type { Teachers } from '../simulated-joins.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** What may happen without any member being silent for long. */
const HARMLESS: ReadonlySet<Fault['kind']> = new Set(['crash', 'clock-drift', 'closed-memory', 'join']);

export class Settled extends Checker {
  override readonly name = 'settled';
  private readonly nodes: number;
  /** By set and sender: messages sent and not taken back. */
  private readonly sent: number[];
  /** By set, replica and sender. */
  private readonly delivered: number[];
  private readonly ends = new Map<number, MembershipEnd>();

  constructor(world: World) {
    super(world);
    this.nodes = world.capacity;
    this.sent = new Array<number>(world.sets.length * this.nodes).fill(0);
    this.delivered = new Array<number>(world.sets.length * this.nodes ** 2).fill(0);
  }

  override onSend(node: number, set: number): void {
    this.sent[set * this.nodes + node]!++;
  }

  override onWithdraw(node: number, set: number): void {
    this.sent[set * this.nodes + node]!--;
  }

  override onDelivery(node: number, { set, sender }: ObservedDelivery): void {
    this.delivered[(set * this.nodes + node) * this.nodes + sender]!++;
  }

  override onJoined(node: number, teachers: Teachers): void {
    const { nodes, delivered } = this;
    teachers.forEach((teacher, set) => {
      if (teacher === undefined) return;
      for (let sender = 0; sender < nodes; sender++)
        delivered[(set * nodes + node) * nodes + sender] =
          delivered[(set * nodes + teacher) * nodes + sender]!;
    });
  }

  override onEnded(node: number, end: MembershipEnd): void {
    this.ends.set(node, end);
  }

  override onQuiet(): void {
    const running = this.alive.filter(node => {
      const state = this.stateOf(node);
      return state === 'running' || state === 'leaving';
    });
    if (this.mayWaitForEver()) return;
    for (const node of this.alive) this.checkState(node);
    if (running.length === 0) this.checkEnd();
    else this.checkGroup(running);
  }

  private get alive(): readonly number[] {
    return this.world.members.map((_, node) => node).filter(node => this.world.isAlive(node));
  }

  /** Nothing happened that could make a member that lives look dead. */
  private get isHarmless(): boolean {
    const { faults, isPatient } = this.world;
    return isPatient && faults.every(({ kind }) => HARMLESS.has(kind));
  }

  private stateOf(node: number): string {
    return this.world.members[node]!.state;
  }

  /** Nobody beats, and somebody may have gone or not be heard without anybody noticing. */
  private mayWaitForEver(): boolean {
    const { world } = this;
    const all = world.members.map((_, node) => node);
    const isWhole = all.every(
      node => world.isAlive(node) && all.every(other => other === node || world.hears(node, other)),
    );
    return world.suspicionMicros === Infinity && !isWhole;
  }

  private checkState(node: number): void {
    const { world } = this;
    switch (this.stateOf(node)) {
      case 'running':
      case 'left':
      case 'halted':
        return;
      case 'connecting':
        // Keys of a founder that died or halted never come; whoever starts the group has a timeout for that.
        if (
          world.members[node]!.view.vid === 0 &&
          this.alive.length - this.ends.size < this.world.members.length
        )
          return;
        break;
      case 'leaving':
        // Too few others hold what it holds.
        if (this.lacksReplicas(node)) return;
        break;
      case 'wedged':
        if (this.lostSet(world.members[node]!.view) !== undefined || !this.canDecide(node)) return;
        // With fewer replicas than a type must have it waits for somebody to join. Whom it counts on is its own matter.
        if (this.lacksReplicas(node) && world.joining.length === 0) return;
        break;
      default:
        break;
    }
    this.failState(`node ${node} is ${this.stateOf(node)} for ever`);
  }

  private lacksReplicas(node: number): boolean {
    return this.world.members[node]!.waitingFor().some(what => / (is|are) left\)$/.test(what));
  }

  /** A set of that view of which no replica runs or waits any more. */
  private lostSet(view: View): number | undefined {
    return view.sets.find(({ replicas }) =>
      replicas.every(rank => {
        const node = this.world.nodeOf(view.members[rank]!);
        return !this.world.isAlive(node) || this.ends.has(node);
      }),
    )?.index;
  }

  /** Where nobody beats, who cannot reach more than half waits for ever instead of halting. */
  private canDecide(node: number): boolean {
    const { members } = this.world.members[node]!.view;
    const left = members.filter(member => {
      const other = this.world.nodeOf(member);
      return this.world.isAlive(other) && !this.ends.has(other);
    });
    return left.length * 2 > members.length || this.world.suspicionMicros < Infinity;
  }

  /** Nobody runs: that must have had to be. */
  private checkEnd(): void {
    if (this.alive.length === 0 || this.alive.every(node => this.stateOf(node) === 'left')) return;
    if (this.alive.some(node => this.stateOf(node) === 'wedged')) return;
    const crashed = this.world.members.length - this.alive.length;
    const hasLeft = [...this.ends.values()].some(({ isLeave }) => isLeave);
    if (this.isHarmless && !hasLeft && crashed * 2 < this.world.members.length && crashed <= 1)
      this.failState('the group is gone, though more than half of it lives');
  }

  private checkGroup(running: readonly number[]): void {
    const { world } = this;
    if (world.joining.length > 0) this.failState(`${world.joining.join()} never joins`);
    const [first] = running;
    const { view } = world.members[first!]!;
    const members = view.members.map(member => world.nodeOf(member)).sort((a, b) => a - b);
    if (members.join() !== running.join())
      this.failState(
        `view ${view.vid} has the members ${members.join()}, and those who run are ${running.join()}`,
      );
    for (const node of running) {
      const { vid } = world.members[node]!.view;
      if (vid !== view.vid)
        this.failState(`node ${first} runs view ${view.vid} and node ${node} view ${vid}`);
    }
    for (const [node, { isLeave, reason }] of this.ends)
      if (this.isHarmless && !isLeave && world.isAlive(node))
        this.failState(`node ${node} was well and is left out: ${reason}`);
    for (const { index, mode, replicas } of view.sets) {
      const at = replicas.map(rank => world.nodeOf(view.members[rank]!));
      for (let sender = 0; sender < this.nodes; sender++)
        this.checkSender(index, mode === 'ordered', sender, at);
    }
  }

  private checkSender(set: number, isOrdered: boolean, sender: number, replicas: readonly number[]): void {
    const { ends, world } = this;
    const counts = replicas.map(node => this.count(set, node, sender));
    const isComplete = ends.get(sender)?.isLeave ?? (world.isAlive(sender) && !ends.has(sender));
    const sent = this.sent[set * this.nodes + sender]!;
    const hasAll = !isComplete || counts.every(count => count === sent);
    const most = Math.max(...world.members.map((_, node) => this.count(set, node, sender)));
    const agree = !isOrdered || counts.every(count => count === most);
    if (hasAll && agree) return;
    this.fail(`of the messages of node ${sender} in set ${set} some are missing, and nothing is under way`, [
      `${sent} were sent; by replica ${replicas.map((node, i) => `${node}: ${counts[i]}`).join(', ')}; the most at any node: ${most}`,
      ...this.describe(),
    ]);
  }

  private count(set: number, node: number, sender: number): number {
    return this.delivered[(set * this.nodes + node) * this.nodes + sender]!;
  }

  private failState(sentence: string): never {
    this.fail(`${sentence}, and nothing is under way`, this.describe());
  }

  private describe(): string[] {
    return this.world.members.map((member, node) => {
      const what = this.world.isAlive(node) ? `is ${member.state} in view ${member.view.vid}` : 'has crashed';
      const waiting = member.waitingFor().join('; ');
      return `node ${node} ${what}${waiting === '' ? '' : `, waits for ${waiting}`}\n${member.describe()}`;
    });
  }
}
