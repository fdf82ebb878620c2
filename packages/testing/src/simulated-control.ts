/**
 * SimulatedControl is the control channel in virtual time: in order per pair of members, and slow. Messages are values that
 * nobody changes, so they travel as they are. It is reliable as long as a connection stands; where one breaks, what is under
 * way is lost from some point on, and nothing can be sent until there is another one.
 */
import { assert, type ControlMessage, type ControlPort, type MemberIdentity } from '@bowecho/core';
import type { EventQueue } from './event-queue.js';
import type { FaultCounts } from './faults/fault-counts.js';
import type { Random } from './random.js';

interface Pair {
  /** Oldest first; undefined where it was lost. */
  readonly messages: (ControlMessage | undefined)[];
  lastDue: number;
  /** By how many faults there is no connection. */
  cuts: number;
  /** Whether there has ever been another connection: what was said over the first may be said again. */
  hasBroken: boolean;
}

export interface ControlOptions {
  /** Delay of a message, microseconds. */
  readonly minDelay: number;
  readonly maxDelay: number;
  /** The kind of the events that this channel puts into the queue; their operands are source and target rank. */
  readonly eventKind: number;
}

export class SimulatedControl {
  /** By source, then target. */
  private readonly pairs: Pair[][] = [];
  private readonly members: MemberIdentity[] = [];
  /** What was said to processes that have no node yet. */
  private readonly early: {
    readonly source: number;
    readonly to: MemberIdentity;
    readonly message: ControlMessage;
  }[] = [];

  constructor(
    private readonly queue: EventQueue,
    private readonly random: Random,
    members: readonly MemberIdentity[],
    private readonly options: ControlOptions,
    private readonly fired: FaultCounts,
  ) {
    for (const member of members) this.add(member);
  }

  /** The next node is that process. */
  add(member: MemberIdentity): void {
    const target = this.members.push(member) - 1;
    this.pairs.push(this.members.map(newPair));
    for (const row of this.pairs.slice(0, -1)) row.push(newPair());
    for (const { source, to, message } of this.early)
      if (isSame(to, member)) this.post(source, target, message);
  }

  /** What the member of rank `source` sends with. */
  portOf(source: number): ControlPort {
    return {
      send: (to, message) => {
        const target = this.members.findIndex(member => isSame(member, to));
        if (target >= 0) return this.post(source, target, message);
        this.early.push({ source, to, message });
        return true;
      },
    };
  }

  private post(source: number, target: number, message: ControlMessage): boolean {
    assert(target >= 0 && target !== source, `control message from rank ${source} to rank ${target}`);
    const { queue, random, options } = this;
    const pair = this.pair(source, target);
    if (pair.cuts > 0) {
      this.fired.controlRefusedMessages++;
      return false;
    }
    pair.messages.push(message);
    pair.lastDue = Math.max(pair.lastDue, queue.now + random.between(options.minDelay, options.maxDelay));
    queue.push(pair.lastDue, options.eventKind, source, target);
    return true;
  }

  /** Takes the message that an event announced; undefined where it was lost. */
  take(source: number, target: number): ControlMessage | undefined {
    const { messages } = this.pair(source, target);
    assert(messages.length > 0, `no control message from rank ${source} to rank ${target}`);
    return messages.shift();
  }

  /** The connection of two members breaks: all but `kept` messages each way are lost. Returns how many that were. */
  disconnect(a: number, b: number, kept: number): number {
    let lost = 0;
    for (const pair of [this.pair(a, b), this.pair(b, a)]) {
      pair.cuts++;
      pair.hasBroken = true;
      for (let i = kept; i < pair.messages.length; i++) {
        if (pair.messages[i] === undefined) continue;
        pair.messages[i] = undefined;
        lost++;
      }
    }
    return lost;
  }

  reconnect(a: number, b: number): void {
    this.pair(a, b).cuts--;
    this.pair(b, a).cuts--;
  }

  /** What is sent from now on does not arrive before that time. */
  stall(source: number, target: number, until: number): void {
    const pair = this.pair(source, target);
    pair.lastDue = Math.max(pair.lastDue, until);
  }

  /** Whether messages of `source` may arrive again that have arrived before. */
  maySayAgain(source: number, target: number): boolean {
    return this.pair(source, target).hasBroken;
  }

  private pair(source: number, target: number): Pair {
    return this.pairs[source]![target]!;
  }
}

function newPair(): Pair {
  return { messages: [], lastDue: 0, cuts: 0, hasBroken: false };
}

function isSame(a: MemberIdentity, b: MemberIdentity): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}
