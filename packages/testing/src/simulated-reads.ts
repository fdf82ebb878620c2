/**
 * SimulatedReads are the linearizable reads of a world: begun at a node as hosts of actors begin them, and looked at after each of
 * its turns. What is read is no matter here; what the replica has by then is.
 */
import { rankOfMember, type LinearizableRead, type Member } from '@bowecho/core';
import type { Observer } from './observer.js';

interface WaitingRead {
  readonly id: number;
  readonly node: number;
  readonly set: number;
  readonly read: LinearizableRead;
}

/** How often reads were answered so far: at once, by a lease; and after some time. */
export interface ReadCounts {
  atOnce: number;
  later: number;
}

export class SimulatedReads {
  readonly counts: ReadCounts = { atOnce: 0, later: 0 };
  private waiting: WaitingRead[] = [];
  private count = 0;

  constructor(private readonly observers: readonly Observer[]) {}

  /**
   * Begins one, unless that member holds no replica of the set, or is in no view.
   *
   * @param now by the clock of that node
   */
  begin(node: number, member: Member, set: number, usesLease: boolean, now: number): void {
    const { view, state } = member;
    const rank = rankOfMember(view, member.identity);
    if (state === 'left' || state === 'halted' || !view.sets[set]!.replicas.includes(rank)) return;
    const id = this.count++;
    for (const observer of this.observers) observer.onReadBegun(node, set, id);
    if (usesLease && member.isCurrent(set, now)) {
      this.counts.atOnce++;
      this.answer(node, set, id);
    } else this.waiting.push({ id, node, set, read: member.beginRead(set, usesLease, now) });
    if (usesLease && member.isLeaseAging(now)) member.requestProbe();
  }

  /** That node has taken a turn. @param now by its clock */
  look(node: number, member: Member, now: number): void {
    if (this.waiting.length === 0) return;
    const { state } = member;
    this.waiting = this.waiting.filter(each => {
      if (each.node !== node) return true;
      if (state === 'left' || state === 'halted') return false;
      if (!each.read.isDue(now)) return true;
      this.counts.later++;
      this.answer(node, each.set, each.id);
      return false;
    });
  }

  private answer(node: number, set: number, id: number): void {
    for (const observer of this.observers) observer.onReadAnswered(node, set, id);
  }
}
