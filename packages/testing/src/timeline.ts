/**
 * Timeline tells a run as text: one line per member and event, in columns that keep their place, so that the eye can run
 * down one of them. It costs far more than the run itself and is made only when somebody wants to see one; the legend is
 * in docs/simulator.md.
 */
import type { Delivery, StateChange } from '@bowecho/core';
import { addProgress, engineOf } from './member-internals.js';
import { Observer } from './observer.js';
import type { World } from './world.js';

const SEND = '>';
const WITHDRAW = '<';
const DELIVERY = '*';
const TURN = '.';
const STATE = '^';
const HALT = '!';
const FAULT = '#';

/** The head line of the columns. */
export const TIMELINE_HEADER = '   time us  rank  state       vid  recv/stable/dlvd  what';

export class Timeline extends Observer {
  /** @param print takes one line, without its end */
  constructor(
    private readonly world: World,
    private readonly print: (line: string) => void,
  ) {
    super();
    print(TIMELINE_HEADER);
  }

  override onSend(rank: number, set: number, ticket: number, _payload: Uint8Array, length: number): void {
    this.line(rank, SEND, `sends ${length} bytes to set ${set}, ticket ${ticket}`);
  }

  override onWithdraw(rank: number, set: number, ticket: number): void {
    this.line(rank, WITHDRAW, `takes back ticket ${ticket} to set ${set}`);
  }

  override onDelivery(rank: number, delivery: Delivery): void {
    const { set, ordinal, sender, length } = delivery;
    this.line(
      rank,
      DELIVERY,
      `delivers ${length} bytes of rank ${sender} as ordinal ${ordinal} of set ${set}`,
    );
  }

  /** Turns that found nothing to do are left out: there are many of them. */
  override onTurn(rank: number, work: number): void {
    if (work > 0) this.line(rank, TURN, `turn, work ${work}`);
  }

  override onStateChanged(rank: number, change: StateChange): void {
    this.line(rank, STATE, `${change.from} -> ${change.to}: ${change.reason}`);
  }

  override onHalted(rank: number, error: unknown): void {
    this.line(rank, HALT, String(error));
  }

  override onFault(rank: number, sentence: string): void {
    this.line(rank, FAULT, sentence);
  }

  private line(rank: number, glyph: string, what: string): void {
    const { world } = this;
    const progress = { received: 0, stable: 0, delivered: 0 };
    for (const multicast of engineOf(world.members[rank]!).multicasts) {
      if (multicast !== undefined) addProgress(multicast, progress);
    }
    const { received, stable, delivered } = progress;
    const columns = [
      String(world.now).padStart(10),
      String(rank).padStart(4),
      world.members[rank]!.state.padEnd(10),
      String(world.view.vid).padStart(3),
      `${received}/${stable}/${delivered}`.padStart(16),
      `${glyph} ${what}`,
    ];
    this.print(columns.join('  '));
  }
}
