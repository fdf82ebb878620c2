/**
 * SimulatedControl is the control channel in virtual time: reliable, in order per pair of members, and slow. Messages are
 * values that nobody changes, so they travel as they are.
 */
import { assert, type ControlMessage, type ControlPort, type MemberIdentity } from '@bowecho/core';
import type { EventQueue } from './event-queue.js';
import type { Random } from './random.js';

interface Pair {
  readonly messages: ControlMessage[];
  lastDue: number;
}

export interface ControlOptions {
  /** Delay of a message, microseconds. */
  readonly minDelay: number;
  readonly maxDelay: number;
  /** The kind of the events that this channel puts into the queue; their operands are source and target rank. */
  readonly eventKind: number;
}

export class SimulatedControl {
  private readonly pairs: Pair[];

  constructor(
    private readonly queue: EventQueue,
    private readonly random: Random,
    private readonly members: readonly MemberIdentity[],
    private readonly options: ControlOptions,
  ) {
    this.pairs = Array.from({ length: members.length ** 2 }, () => ({ messages: [], lastDue: 0 }));
  }

  /** What the member of rank `source` sends with. */
  portOf(source: number): ControlPort {
    return {
      send: (to, message) => {
        const target = this.members.findIndex(member => member.id === to.id);
        this.post(source, target, message);
        return true;
      },
    };
  }

  private post(source: number, target: number, message: ControlMessage): void {
    assert(target >= 0 && target !== source, `control message from rank ${source} to rank ${target}`);
    const { queue, random, options } = this;
    const pair = this.pairs[source * this.members.length + target]!;
    pair.messages.push(message);
    pair.lastDue = Math.max(pair.lastDue, queue.now + random.between(options.minDelay, options.maxDelay));
    queue.push(pair.lastDue, options.eventKind, source, target);
  }

  /** Takes the message that an event announced. */
  take(source: number, target: number): ControlMessage {
    const message = this.pairs[source * this.members.length + target]!.messages.shift();
    assert(message !== undefined, `no control message from rank ${source} to rank ${target}`);
    return message;
  }
}
