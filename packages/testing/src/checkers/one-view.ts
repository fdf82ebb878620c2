/**
 * OneView (C2): there is one view of each number, decided once. Every member that knows how a view ended knows the same
 * record; who goes on is a majority of it, leavers counted; a member goes from one view to the next, never past one, and
 * only if it stays.
 */
import type { StateChange, View, ViewRecord } from '@bowecho/core';
import { engineOf } from '../member-internals.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class OneView extends Checker {
  override readonly name = 'one-view';
  /** By vid: how it ended and what it was, as the first who knew had it, and who that was. */
  private readonly records = new Map<number, { readonly text: string; readonly node: number }>();
  private readonly views = new Map<number, { readonly text: string; readonly node: number }>();
  /** By node: the view that it is in. */
  private readonly present: View[];

  constructor(world: World) {
    super(world);
    this.present = world.members.map(() => world.view);
  }

  override onJoined(node: number): void {
    const { view } = engineOf(this.world.members[node]!);
    this.present[node] = view;
    this.compare(this.views, view.vid, node, 'the members', JSON.stringify([view.members, view.sets]));
  }

  override onStateChanged(node: number, { event, to }: StateChange): void {
    if (event !== 'DECIDED' && event !== 'LEFT_OUT') return;
    const { manager, view, myRank } = engineOf(this.world.members[node]!);
    const record = manager.decided!;
    this.compare(this.records, view.vid, node, 'the end', textOf(record));
    const kept = record.fates.filter(fate => fate !== 'lost').length;
    if (kept * 2 <= view.members.length)
      this.fail(`view ${view.vid} ends with ${kept} of its ${view.members.length} members`, [textOf(record)]);
    const isLost = record.fates[myRank] === 'lost';
    if (isLost !== (to === 'halted'))
      this.fail(`node ${node} is ${to}, and its fate is ${record.fates[myRank]}`, []);
  }

  override onViewEntered(node: number, view: View): void {
    const before = this.present[node]!;
    this.present[node] = view;
    this.compare(this.views, view.vid, node, 'the members', JSON.stringify([view.members, view.sets]));
    const { identity } = this.world.members[node]!;
    if (view.vid !== before.vid + 1 || !view.members.some(({ id }) => id === identity.id))
      this.fail(`node ${node} goes from view ${before.vid} to view ${view.vid}`, [
        `members: ${view.members.map(({ id }) => id).join()}`,
      ]);
  }

  private compare(
    known: Map<number, { readonly text: string; readonly node: number }>,
    vid: number,
    node: number,
    what: string,
    text: string,
  ): void {
    const first = known.get(vid);
    if (first === undefined) known.set(vid, { text, node });
    else if (first.text !== text)
      this.fail(`two members disagree on ${what} of view ${vid}`, [
        `node ${first.node}: ${first.text}`,
        `node ${node}: ${text}`,
      ]);
  }
}

/** A record as all must know it; the ballot under which it was seen may differ. */
function textOf({ fates, trims, layout, joiners }: ViewRecord): string {
  return JSON.stringify([fates, trims, layout, joiners]);
}
