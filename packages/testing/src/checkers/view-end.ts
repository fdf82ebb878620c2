/**
 * ViewEnd (part of C11): a view ends once at a member, for a reason in words, and from then on it delivers nothing,
 * acknowledges nothing and publishes nothing in it: its rows in the shard tables stay as they were. The trim of a view
 * change will be taken from those rows, so nobody may have delivered more than they say, or ever will.
 */
import type { Delivery, Multicast, StateChange } from '@bowecho/core';
import { engineOf } from '../member-internals.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

export class ViewEnd extends Checker {
  override readonly name = 'view-end';
  /** By rank: its rows in the shard tables when its view ended, one after another. */
  private readonly finalRows: (readonly number[] | undefined)[];
  private readonly endings: number[];

  constructor(world: World) {
    super(world);
    this.finalRows = world.members.map(() => undefined);
    this.endings = world.members.map(() => 0);
  }

  override onStateChanged(rank: number, { to }: StateChange): void {
    if (to === 'wedged') this.finalRows[rank] = this.rowsOf(rank);
  }

  override onViewEnded(rank: number, reason: string): void {
    const count = ++this.endings[rank]!;
    const { state } = this.world.members[rank]!;
    if (count === 1 && reason !== '' && state === 'wedged') return;
    this.fail(`the view ends at rank ${rank} as it should not`, [
      `for the ${count}. time, in state ${state}, because '${reason}'`,
    ]);
  }

  override onDelivery(rank: number, { set, ordinal }: Delivery): void {
    if (this.finalRows[rank] !== undefined) {
      this.fail(`rank ${rank} delivers ordinal ${ordinal} of set ${set} after its view ended`, []);
    }
  }

  override onTurn(rank: number): void {
    const before = this.finalRows[rank];
    if (before === undefined) return;
    const rows = this.rowsOf(rank);
    if (rows.every((value, i) => value === before[i])) return;
    this.fail(`rank ${rank} acknowledges or publishes after its view ended`, [
      `its rows were ${before.join()}`,
      `they are now ${rows.join()}`,
    ]);
  }

  override onQuiet(): void {
    const { members } = this.world;
    const silent = members.findIndex(
      ({ state }, rank) => this.world.isAlive(rank) && state === 'wedged' && this.endings[rank] === 0,
    );
    if (silent >= 0) this.fail(`rank ${silent} is wedged and its application does not know`, []);
  }

  private rowsOf(rank: number): number[] {
    return engineOf(this.world.members[rank]!).multicasts.flatMap(multicast =>
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
