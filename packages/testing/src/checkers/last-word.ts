/**
 * LastWord (C4, part of C11): from its wedge on a member acknowledges nothing and publishes nothing in that view: its
 * rows in the shard tables stay as they were. It delivers nothing more but what is decided, and when it goes on it has
 * delivered exactly that.
 */
import type { MembershipEnd, Multicast, StateChange } from '@bowecho/core';
import { engineOf, framesDelivered } from '../member-internals.js';
import type { ObservedDelivery } from '../observer.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class LastWord extends Checker {
  override readonly name = 'last-word';
  /** By node: its rows in the shard tables when it wedged, one after another; undefined while it has not. */
  private readonly finalRows: (readonly number[] | undefined)[];
  private readonly endings: number[];
  /** By node: whether it delivers by the trim. All deliveries of a turn come before its changes of state. */
  private readonly isTrimming: boolean[];

  constructor(world: World) {
    super(world);
    const { capacity } = world;
    this.finalRows = Array.from({ length: capacity }, () => undefined);
    this.endings = new Array<number>(capacity).fill(0);
    this.isTrimming = new Array<boolean>(capacity).fill(false);
  }

  override onStateChanged(node: number, { from, to, event }: StateChange): void {
    if (to === 'wedged') this.finalRows[node] = this.rowsOf(node);
    this.isTrimming[node] = to === 'trimming';
    if (from !== 'trimming') return;
    if (event === 'TRIMMED' || event === 'LEFT') this.checkTrim(node);
    this.finalRows[node] = undefined;
  }

  override onEnded(node: number, { reason }: MembershipEnd): void {
    const count = ++this.endings[node]!;
    const { state } = this.world.members[node]!;
    if (count === 1 && reason !== '' && (state === 'left' || state === 'halted')) return;
    this.fail(`node ${node} is out of the group as it should not be`, [
      `for the ${count}. time, in state ${state}, because '${reason}'`,
    ]);
  }

  override onDelivery(node: number, { set, ordinal }: ObservedDelivery): void {
    if (this.finalRows[node] !== undefined && !this.isTrimming[node])
      this.fail(`node ${node} delivers ordinal ${ordinal} of set ${set} after its wedge`, []);
  }

  override onTurn(node: number): void {
    const before = this.finalRows[node];
    if (before === undefined) return;
    const rows = this.rowsOf(node);
    if (rows.every((value, i) => value === before[i])) return;
    this.fail(`node ${node} acknowledges or publishes after its wedge`, [
      `its rows were ${before.join()}`,
      `they are now ${rows.join()}`,
    ]);
  }

  override onQuiet(): void {
    const { members } = this.world;
    const silent = members.findIndex(
      ({ state }, node) =>
        this.world.isAlive(node) && (state === 'left' || state === 'halted') && this.endings[node] === 0,
    );
    if (silent >= 0) this.fail(`node ${silent} is out of the group and its application does not know`, []);
  }

  private checkTrim(node: number): void {
    const engine = engineOf(this.world.members[node]!);
    const { trims } = engine.manager.decided!;
    engine.multicasts.forEach((multicast, set) => {
      if (multicast?.set.mode !== 'ordered') return;
      const delivered = framesDelivered(multicast);
      if (delivered.every((count, sender) => count === trims[set]![sender])) return;
      this.fail(`node ${node} leaves view ${engine.view.vid} with other deliveries than are decided`, [
        `of set ${set} it delivered ${delivered.join()} frames by sender`,
        `the trim is ${trims[set]!.join()}`,
      ]);
    });
  }

  private rowsOf(node: number): number[] {
    return engineOf(this.world.members[node]!).multicasts.flatMap(multicast =>
      multicast === undefined ? [] : rowOf(multicast),
    );
  }
}

/** My columns of a shard table, without the numbers of pushes. */
function rowOf({ table }: Multicast): number[] {
  const { block } = table.layout;
  return block.columns.flatMap(({ cell, width }) =>
    Array.from({ length: width }, (_, i) => table.read(table.myRow, cell + i)),
  );
}
