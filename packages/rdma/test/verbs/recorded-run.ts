/**
 * RecordedRun has the checkers of the simulator judge a run that has happened, in several processes: what was sent and what
 * each member delivered is played to them, member by member. They see no turns and no tables.
 */
import type { MemberIdentity } from '@bowecho/core';
import {
  CheckError,
  EqualState,
  Fifo,
  NoHalt,
  Settled,
  TotalOrder,
  everywhere,
  firstView,
  type Checker,
  type ObservedDelivery,
  type World,
} from '@bowecho/testing';
import { LARGEST_BYTES, fillPayload } from './load.js';
import type { MemberReport } from './member-conversation.js';

export class RecordedRun {
  readonly view;
  readonly sets;
  readonly members;
  /** As a world says it: nobody joins. */
  readonly capacity;
  readonly joining: readonly string[] = [];
  readonly faults = [];
  readonly suspicionMicros = Infinity;
  readonly isPatient = true;
  private state = 0;

  /** @param reports by rank; undefined for a member that can be asked no more */
  constructor(private readonly reports: readonly (MemberReport | undefined)[]) {
    this.view = firstView(reports.length, [everywhere(reports.length)]);
    this.sets = this.view.sets;
    this.capacity = reports.length;
    this.members = reports.map(report => ({
      state: report?.state ?? 'halted',
      view: this.view,
      waitingFor: () => report?.waitingFor ?? [],
      describe: () => report?.description ?? 'was killed',
    }));
  }

  /** Who was killed has no report; all others were connected to each other to the end. */
  isAlive(rank: number): boolean {
    return this.reports[rank] !== undefined;
  }

  hears(rank: number, other: number): boolean {
    return this.isAlive(rank) && this.isAlive(other);
  }

  nodeOf({ id }: MemberIdentity): number {
    return this.view.members.findIndex(member => member.id === id);
  }

  /** Nobody halted, one order, every message as it was sent, none twice, none left out, equal states. */
  checkOrder(): void {
    // Of a world checkers use what this class has.
    const world = this as unknown as World;
    this.play([
      new NoHalt(world),
      new TotalOrder(world),
      new Fifo(world),
      new EqualState(world, () => this.state),
    ]);
  }

  /** All that was sent is delivered everywhere. */
  checkSettled(): void {
    const settled = new Settled(this as unknown as World);
    this.play([settled]);
    settled.onQuiet();
  }

  violation(checker: string, sentence: string, lines: readonly string[]): CheckError {
    return new CheckError({ checker, seed: 'none', replay: 'npm run test:verbs', sentence, lines });
  }

  private play(checkers: readonly Checker[]): void {
    const payload = new Uint8Array(LARGEST_BYTES);
    this.reports.forEach((report, rank) => {
      const sent = report?.sent ?? this.mostDelivered(rank);
      for (let ticket = 0; ticket < sent; ticket++) {
        const length = fillPayload(payload, rank, ticket);
        for (const checker of checkers) checker.onSend(rank, 0, ticket, payload, length);
      }
    });
    this.reports.forEach((report, rank) => {
      if (report === undefined) return;
      for (let i = 0; i < report.sender.length; i++) {
        this.state = report.digest[i]!;
        for (const checker of checkers) checker.onDelivery(rank, deliveryOf(report, i), report.hash[i]!);
      }
      if (report.halted === undefined) return;
      for (const checker of checkers) checker.onHalted(rank, report.halted);
    });
  }

  /** Of the messages of somebody who cannot say how many it sent: what anybody has delivered. */
  private mostDelivered(rank: number): number {
    const counts = this.reports.map(report => report?.sender.filter(sender => sender === rank).length ?? 0);
    return Math.max(...counts);
  }
}

function deliveryOf(report: MemberReport, i: number): ObservedDelivery {
  return {
    set: 0,
    sender: report.sender[i]!,
    vid: report.vid[i]!,
    ordinal: report.ordinal[i]!,
    time: report.time[i]!,
    length: report.length[i]!,
  };
}
