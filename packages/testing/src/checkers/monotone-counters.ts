/**
 * MonotoneCounters (C7): in one view no counter of any copy of any row ever falls, and what a reader sees of a row is a
 * value that its writer had. Looked at after each turn, in what that member copied: its snapshots.
 */
import type { Engine, MemberIdentity, Table } from '@bowecho/core';
import { engineOf, memberTableOf } from '../member-internals.js';
import type { World } from '../world.js';
import { Checker } from './checker.js';

/** One member's copy of one table. */
interface Copy {
  readonly table: Table;
  /** What it showed after the last turn. */
  readonly last: Float64Array;
  /** By row: the table of the member that writes it; undefined where that was not in this view yet. */
  readonly writers: (Table | undefined)[];
  /** Where a writer's table is, of its engine. */
  readonly tableOf: (engine: Engine) => Table;
  /** By row: the member that writes it. It may have no node yet. */
  readonly members: readonly MemberIdentity[];
  readonly what: string;
  /** The cells of a row that are counters: from `first` up to but not including `end`. */
  readonly first: number;
  readonly end: number;
}

export class MonotoneCounters extends Checker {
  override readonly name = 'monotone-counters';
  /** By node: the engine of its present view, and what is looked at of that. */
  private readonly present: { readonly engine: Engine; readonly copies: readonly Copy[] }[];
  /** By view, by node: the engines that there were. */
  private readonly engines: (Engine | undefined)[][] = [];

  constructor(world: World) {
    super(world);
    this.present = world.members.map((_, node) => this.register(node));
  }

  override onJoined(node: number): void {
    this.present[node] = this.register(node);
  }

  override onTurn(node: number): void {
    if (engineOf(this.world.members[node]!) !== this.present[node]!.engine)
      this.present[node] = this.register(node);
    const { engine, copies } = this.present[node]!;
    for (const copy of copies) this.look(node, engine.view.vid, copy);
  }

  private register(node: number): { readonly engine: Engine; readonly copies: readonly Copy[] } {
    const engine = engineOf(this.world.members[node]!);
    const { view } = engine;
    (this.engines[view.vid] ??= [])[node] = engine;
    const copies = [copyOf(memberTableOf(engine), memberTableOf, view.members, 'the member table')];
    for (const multicast of engine.multicasts) {
      if (multicast === undefined) continue;
      const { index, replicas } = multicast.set;
      const tableOf = ({ multicasts }: Engine): Table => multicasts[index]!.table;
      const writers = replicas.map(rank => view.members[rank]!);
      copies.push(copyOf(multicast.table, tableOf, writers, `the table of set ${index}`));
    }
    return { engine, copies };
  }

  private look(node: number, vid: number, copy: Copy): void {
    const { table, last } = copy;
    const { snapshot, layout } = table;
    const { rowCells } = layout;
    const { first, end } = copy;
    for (let row = 0; row < layout.rows; row++) {
      const start = row * rowCells;
      const written = this.writerOf(vid, copy, row)?.snapshot;
      for (let cell = first; cell < end; cell++) {
        const value = snapshot[start + cell]!;
        const most = written === undefined ? 0 : written[start + cell]!;
        if (value >= last[start + cell]! && value <= most) last[start + cell] = value;
        else this.report(node, copy, row, cell, value, most);
      }
    }
  }

  private writerOf(vid: number, copy: Copy, row: number): Table | undefined {
    const known = copy.writers[row];
    if (known !== undefined) return known;
    // Its engine may be a turn younger than what it wrote: it is registered after that turn.
    const node = this.world.nodeOf(copy.members[row]!);
    const engine = this.engines[vid]![node] ?? this.engineNow(vid, node);
    return (copy.writers[row] = engine && copy.tableOf(engine));
  }

  private engineNow(vid: number, node: number): Engine | undefined {
    if (node < 0) return undefined; // it was let in and is not up, if it ever will be: its row is empty
    const engine = engineOf(this.world.members[node]!);
    return engine.view.vid === vid ? engine : undefined;
  }

  private report(node: number, copy: Copy, row: number, cell: number, value: number, most: number): never {
    const at = row * copy.table.layout.rowCells + cell;
    const { columns } = copy.table.layout.block;
    const column = columns.find(
      candidate => cell >= candidate.cell && cell < candidate.cell + candidate.width,
    )!;
    this.fail(`node ${node} sees a ${column.name} of row ${row} in ${copy.what} that never was`, [
      `it saw ${copy.last[at]} before, and sees ${value} now`,
      `the writer of that row has ${most}`,
    ]);
  }
}

function copyOf(
  table: Table,
  tableOf: (engine: Engine) => Table,
  members: readonly MemberIdentity[],
  what: string,
): Copy {
  const { columns } = table.layout.block;
  const last = columns.at(-1)!;
  return {
    table,
    tableOf,
    members,
    writers: members.map(() => undefined),
    what,
    first: columns[0]!.cell,
    end: last.cell + last.width,
    last: table.snapshot.slice(),
  };
}
