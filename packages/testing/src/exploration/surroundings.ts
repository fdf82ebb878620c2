/**
 * Surroundings is what is around the members of an explored group, and changes: who lives, what is under way, what may
 * still happen.
 */
import type { ControlMessage } from '@bowecho/core';
import { Link } from './explored-fabric.js';
import { StateHash } from './state-hash.js';

/** What a group is to go through. Nodes are numbered by their rank in the first view. */
export interface Exploration {
  /** For reports. */
  readonly name: string;
  readonly nodes: number;
  /** Who has sent a message when it begins, each in its order. */
  readonly messages: readonly number[];
  /** Who sends one more before any of its turns. */
  readonly lateMessages?: readonly number[];
  /** Who is to leave when it begins. */
  readonly leaves?: readonly number[];
  /** Most members that crash. */
  readonly crashes: number;
  /** How often a member is told that one is lost which lives. */
  readonly mistakes?: number;
  /**
   * Whether something may land between a turn and the next one that it calls for by itself; else that follows at once.
   * It makes about six times as many states.
   */
  readonly pauses?: boolean;
}

/** Nobody may crash now; anybody may. */
export const NOBODY = -1;
export const ANYBODY = -2;

export class Surroundings {
  /** Microseconds since the group came up. */
  clock = 0;
  readonly alive: boolean[];
  /** Whether that member takes a turn though nothing arrives. */
  readonly woken: boolean[];
  /** By node, by node: whether the first was told that the second is lost. */
  readonly told: boolean[][];
  /** By node: messages that it has sent, and that it is still to send. */
  readonly sent: number[];
  readonly late: number[];
  crashesLeft: number;
  mistakesLeft: number;
  /** Who may crash: the one that took a turn last, `NOBODY`, or `ANYBODY`. */
  mayCrash = ANYBODY;
  /** By source, by target. */
  readonly links: readonly (readonly Link[])[];
  readonly queues: readonly (readonly ControlMessage[][])[];
  /** By node: all that it delivered. */
  readonly delivered: readonly StateHash[];

  constructor({ nodes, crashes, mistakes = 0, lateMessages = [] }: Exploration) {
    const all = Array.from({ length: nodes }, (_, node) => node);
    this.alive = all.map(() => true);
    this.woken = all.map(() => true);
    this.told = all.map(() => all.map(() => false));
    this.sent = all.map(() => 0);
    this.late = all.map(node => lateMessages.filter(sender => sender === node).length);
    this.crashesLeft = crashes;
    this.mistakesLeft = mistakes;
    this.links = all.map(source => all.map(target => new Link(source, target)));
    this.queues = all.map(() => all.map(() => []));
    this.delivered = all.map(() => new StateHash());
  }
}
