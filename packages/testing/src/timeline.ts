/**
 * Timeline tells a run as text: one line per member and event, in columns that keep their place, so that the eye can run
 * down one of them. It costs far more than the run itself and is made only when somebody wants to see one; the legend is
 * in docs/simulator.md.
 */
import type { MembershipEnd, StateChange, View } from '@bowecho/core';
import { addProgress, engineOf } from './member-internals.js';
import { Observer, type ObservedDelivery } from './observer.js';
import type { World } from './world.js';

const SEND = '>';
const WITHDRAW = '<';
const DELIVERY = '*';
const TURN = '.';
const STATE = '^';
const HALT = '!';
const FAULT = '#';

/** The head line of the columns. */
export const TIMELINE_HEADER = '   time us  node  state       vid  recv/stable/dlvd  what';

export class Timeline extends Observer {
  /** @param print takes one line, without its end */
  constructor(
    private readonly world: World,
    private readonly print: (line: string) => void,
  ) {
    super();
    print(TIMELINE_HEADER);
  }

  override onSend(node: number, set: number, ticket: number, _payload: Uint8Array, length: number): void {
    this.line(node, SEND, `sends ${length} bytes to set ${set}, ticket ${ticket}`);
  }

  override onWithdraw(node: number, set: number, ticket: number): void {
    this.line(node, WITHDRAW, `takes back ticket ${ticket} to set ${set}`);
  }

  override onDelivery(node: number, delivery: ObservedDelivery): void {
    const { set, ordinal, sender, length } = delivery;
    this.line(
      node,
      DELIVERY,
      `delivers ${length} bytes of node ${sender} as ordinal ${ordinal} of set ${set}`,
    );
  }

  /** Turns that found nothing to do are left out: there are many of them. */
  override onTurn(node: number, work: number): void {
    if (work > 0) this.line(node, TURN, `turn, work ${work}`);
  }

  override onStateChanged(node: number, change: StateChange): void {
    this.line(node, STATE, `${change.from} -> ${change.to}: ${change.reason}`);
  }

  override onViewEntered(node: number, view: View): void {
    this.line(node, STATE, `enters view ${view.vid}: ${view.members.map(({ id }) => id).join(', ')}`);
  }

  override onEnded(node: number, { reason }: MembershipEnd): void {
    this.line(node, STATE, `is out of the group: ${reason}`);
  }

  override onHalted(node: number, error: unknown): void {
    this.line(node, HALT, String(error));
  }

  override onFault(node: number, sentence: string): void {
    this.line(node, FAULT, sentence);
  }

  private line(node: number, glyph: string, what: string): void {
    const { world } = this;
    const progress = { received: 0, stable: 0, delivered: 0 };
    for (const multicast of engineOf(world.members[node]!).multicasts) {
      if (multicast !== undefined) addProgress(multicast, progress);
    }
    const { received, stable, delivered } = progress;
    const columns = [
      String(world.now).padStart(10),
      String(node).padStart(4),
      world.members[node]!.state.padEnd(10),
      String(world.members[node]!.view.vid).padStart(3),
      `${received}/${stable}/${delivered}`.padStart(16),
      `${glyph} ${what}`,
    ];
    this.print(columns.join('  '));
  }
}
