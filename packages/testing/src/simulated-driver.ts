/**
 * SimulatedDriver gives the nodes of a world their turns, and is no kinder than the real run loop: a turn comes some time
 * after a wake-up, the fabric is armed only when a turn found nothing to do, and nobody else makes a member move. So a wake-up
 * that is lost here would be lost in production, and shows as messages that never arrive.
 *
 * In a leaky turn writes land while it reads: before any read of a counter, and between two deliveries.
 */
import type { EventQueue } from './event-queue.js';
import type { Hazards } from './hazards.js';
import { CounterHook, engineOf, memberTableOf, tablesOf } from './member-internals.js';
import type { Random } from './random.js';
import type { SimulatedNetwork } from './simulated-network.js';
import type { SimulatedNode } from './simulated-node.js';

export interface DriverOptions {
  readonly hazards: Hazards;
  /** Most time between a wake-up and the turn, and the longest pause: virtual microseconds. */
  readonly maxTurnDelay: number;
  readonly maxPause: number;
  /** The kinds of the events that it puts into the queue; their first operand is a node's rank. */
  readonly turnKind: number;
  readonly deadlineKind: number;
  /** A node has taken a turn, did so much, and lives. */
  readonly onTurn: (rank: number, work: number) => void;
}

export class SimulatedDriver {
  constructor(
    private readonly queue: EventQueue,
    private readonly network: SimulatedNetwork,
    private readonly random: Random,
    private readonly options: DriverOptions,
  ) {}

  /** Something happened at a node, or was queued there: it takes a turn soon. */
  wake(node: SimulatedNode): void {
    if (!node.isTurnScheduled && node.isAlive) this.scheduleTurn(node, this.turnDelay(node));
  }

  private turnDelay(node: SimulatedNode): number {
    const { random, network } = this;
    const { hazards, maxTurnDelay, maxPause } = this.options;
    let delay = random.below(maxTurnDelay + 1);
    if (node.isSlow) delay += maxPause / 10;
    if (node.slowUntil > this.queue.now) {
      network.fired.slowTurns++;
      delay += node.slowness;
    }
    if (hazards.pause > 0 && random.chance(hazards.pause)) {
      network.struck.pause++;
      delay += random.below(maxPause + 1);
    }
    return Math.floor(delay);
  }

  private scheduleTurn(node: SimulatedNode, delay: number): void {
    node.isTurnScheduled = true;
    this.queue.push(this.queue.now + delay, this.options.turnKind, node.rank, 0);
  }

  /** The turn that was scheduled. */
  takeTurn(node: SimulatedNode): void {
    const { now } = this.queue;
    node.isTurnScheduled = false;
    if (node.frozenUntil > now && node.isAlive) {
      this.scheduleTurn(node, node.frozenUntil - now);
      return;
    }
    if (node.deadlineAt <= now) node.deadlineAt = Infinity;
    if (!node.isAlive || node.isClosed) return;
    const work = this.isNextTurnLeaky(node) ? this.leakyTurn(node) : node.process.doWork(node.clockAt(now));
    if (!node.isAlive) return; // it died in the midst of it
    this.options.onTurn(node.rank, work);
    if (node.isTurnScheduled) return;
    if (work > 0 || !node.fabric.arm(node.wake)) this.scheduleTurn(node, this.turnDelay(node));
    else this.rest(node);
  }

  /** Nothing to do at a node: it sleeps until it is woken, until its next deadline, or now and then for no reason. */
  private rest(node: SimulatedNode): void {
    const { queue, network, random } = this;
    const { hazards, maxPause, deadlineKind } = this.options;
    const { state } = node.process.member;
    if (node.closesWhenDone && (state === 'left' || state === 'halted')) {
      network.fired.closedMemory++;
      node.isClosed = true;
      node.process.member.close();
      return;
    }
    const { nextDeadline } = node.process;
    if (nextDeadline !== undefined && nextDeadline < Infinity) {
      const at = Math.max(queue.now + 1, node.timeOf(nextDeadline));
      if (at < node.deadlineAt) queue.push((node.deadlineAt = at), deadlineKind, node.rank, 0);
    }
    if (hazards.idleTurn > 0 && random.chance(hazards.idleTurn)) {
      network.struck.idleTurn++;
      this.scheduleTurn(node, random.below(maxPause + 1));
    }
  }

  private isNextTurnLeaky(node: SimulatedNode): boolean {
    const { midTurn } = this.options.hazards;
    return midTurn > 0 && this.random.chance(midTurn) && this.network.isBoundFor(node.fabric);
  }

  private leakyTurn(node: SimulatedNode): number {
    const { member } = node.process;
    if (node.hook?.tables[0] !== memberTableOf(engineOf(member)))
      node.hook = new CounterHook(tablesOf(member), () => this.leak(node));
    node.isLeaky = true;
    node.hook.attach();
    try {
      return node.process.doWork(node.clockAt(this.queue.now));
    } finally {
      node.hook.detach();
      node.isLeaky = false;
    }
  }

  /** A place in a turn where something may land, if the turn is leaky. */
  leak(node: SimulatedNode): void {
    if (!node.isLeaky || !this.random.chance(0.25)) return;
    while (this.network.landEarly(node.fabric) && this.random.chance(0.6));
  }
}
