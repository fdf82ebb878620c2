/**
 * MonotoneCounters (C7): no counter of any copy of any row ever falls, and what a reader sees of a row is a value that its
 * writer had. Looked at after each turn, in what that member copied: its snapshots.
 */
import type { Table } from '@bowecho/core';
import { engineOf, tablesOf } from '../member-internals.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** One member's copy of one table. */
interface Copy {
  readonly table: Table;
  /** What it showed after the last turn. */
  readonly last: Float64Array;
  /** By row: the table of the member that writes it. */
  readonly writers: readonly Table[];
  readonly what: string;
  /** The cells of a row that are counters: from `first` up to but not including `end`. */
  readonly first: number;
  readonly end: number;
}

export class MonotoneCounters extends Checker {
  override readonly name = 'monotone-counters';
  /** By rank. */
  private readonly copies: readonly (readonly Copy[])[];

  constructor(world: World) {
    super(world);
    const memberTables = world.members.map(member => tablesOf(member)[0]!);
    this.copies = world.members.map((member, rank) => {
      const copies: Copy[] = [copyOf(memberTables[rank]!, memberTables, 'the member table')];
      for (const multicast of engineOf(member).multicasts) {
        if (multicast === undefined) continue;
        const { index, replicas } = multicast.set;
        const writers = replicas.map(replica => engineOf(world.members[replica]!).multicasts[index]!.table);
        copies.push(copyOf(multicast.table, writers, `the table of set ${index}`));
      }
      return copies;
    });
  }

  override onTurn(rank: number): void {
    for (const copy of this.copies[rank]!) this.look(rank, copy);
  }

  private look(rank: number, copy: Copy): void {
    const { table, last, writers } = copy;
    const { snapshot, layout } = table;
    const { rowCells } = layout;
    const { first, end } = copy;
    for (let row = 0; row < layout.rows; row++) {
      const start = row * rowCells;
      const written = writers[row]!.snapshot;
      for (let cell = first; cell < end; cell++) {
        const value = snapshot[start + cell]!;
        if (value >= last[start + cell]! && value <= written[start + cell]!) last[start + cell] = value;
        else this.report(rank, copy, row, cell, value);
      }
    }
  }

  private report(rank: number, copy: Copy, row: number, cell: number, value: number): never {
    const at = row * copy.table.layout.rowCells + cell;
    const { columns } = copy.table.layout.block;
    const column = columns.find(
      candidate => cell >= candidate.cell && cell < candidate.cell + candidate.width,
    )!;
    this.fail(`rank ${rank} sees a ${column.name} of row ${row} in ${copy.what} that never was`, [
      `it saw ${copy.last[at]} before, and sees ${value} now`,
      `the writer of that row has ${copy.writers[row]!.snapshot[at]}`,
    ]);
  }
}

function copyOf(table: Table, writers: readonly Table[], what: string): Copy {
  const { columns } = table.layout.block;
  const last = columns.at(-1)!;
  return {
    table,
    writers,
    what,
    first: columns[0]!.cell,
    end: last.cell + last.width,
    last: table.snapshot.slice(),
  };
}
