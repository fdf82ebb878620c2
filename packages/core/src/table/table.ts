/**
 * Table is my copy of a shared state table: one row per member, of which I write only my own.
 *
 * Others' rows change under my feet, at any moment, also between two reads. So nobody reads them directly: a turn begins
 * with `takeSnapshot()`, which copies every row's counters into private cells, and decides on those alone. My own row is
 * written through `raise`, which only ever grows a cell; what others have seen of it is always a past value.
 *
 * The snapshot reads each block from its end to its start: an acknowledgement that I see comes with all that its writer
 * had published before it, because that was pushed earlier and is read later.
 */
import { assert, fail } from '../assert.js';
import { CELL_BYTES, type TableLayout } from './row-layout.js';

export class Table {
  readonly layout: TableLayout;
  readonly myRow: number;
  /** All rows' counters, in registered memory: written by peers at any time. */
  private readonly cells: Float64Array;
  /** The last good copy of every row; row i begins at `i * rowCells`. */
  readonly snapshot: Float64Array;
  private readonly memory: ArrayBuffer;
  /** Where a block is collected until it is known to be whole. */
  private readonly incoming: Float64Array;
  private stamp = 0;
  private dirty = false;

  constructor(layout: TableLayout, memory: ArrayBuffer, myRow: number) {
    assert(memory.byteLength >= layout.bytes, `${memory.byteLength} bytes for a table of ${layout.bytes}`);
    assert(myRow >= 0 && myRow < layout.rows, `row ${myRow} in a table of ${layout.rows}`);
    this.layout = layout;
    this.myRow = myRow;
    this.memory = memory;
    this.cells = new Float64Array(memory, 0, layout.rows * layout.rowCells);
    this.snapshot = new Float64Array(layout.rows * layout.rowCells);
    this.incoming = new Float64Array(layout.rowCells);
  }

  /** Copies every whole counter block of the others. Says whether anything changed. */
  takeSnapshot(): boolean {
    if (this.cells.length === 0) fail('the memory of this table was closed while it is in use');
    let changed = false;
    for (let row = 0; row < this.layout.rows; row++) {
      if (row !== this.myRow && this.copyRow(row)) changed = true;
    }
    return changed;
  }

  /**
   * Takes over one row if it changed and its block is whole; keeps the last good copy otherwise.
   *
   * The look for a change reads cells without deciding anything on them, so that an idle row costs one pass.
   */
  private copyRow(row: number): boolean {
    const { cells, snapshot } = this;
    const start = row * this.layout.rowCells;
    const end = start + this.layout.block.endStamp;
    for (let cell = end - 1; cell > start; cell--) {
      if (cells[cell]! !== snapshot[cell]!) return this.copyChangedRow(row, start, end);
    }
    return false;
  }

  private copyChangedRow(row: number, start: number, end: number): boolean {
    const { cells, snapshot, incoming } = this;
    const stamp = cells[end]!;
    for (let cell = end - 1; cell > start; cell--) incoming[cell - start] = cells[cell]!;
    if (cells[start]! !== stamp) return false;
    for (let cell = start + 1; cell < end; cell++) {
      const value = incoming[cell - start]!;
      if (!(value >= snapshot[cell]!))
        fail(`cell ${cell - start} of row ${row} fell from ${snapshot[cell]} to ${value}`);
      snapshot[cell] = value;
    }
    return true;
  }

  /** The last good value of a cell of any row. */
  read(row: number, cell: number): number {
    return this.snapshot[row * this.layout.rowCells + cell]!;
  }

  /** Grows a cell of my row. */
  raise(cell: number, value: number): void {
    const at = this.myRow * this.layout.rowCells + cell;
    const old = this.snapshot[at]!;
    if (value === old) return;
    if (!(value > old)) fail(`cell ${cell} of row ${this.myRow} would fall from ${old} to ${value}`);
    this.snapshot[at] = value;
    this.cells[at] = value;
    this.dirty = true;
  }

  /** The smallest value of a cell over all rows. */
  minimum(cell: number): number {
    const { snapshot } = this;
    const { rowCells } = this.layout;
    let least = snapshot[cell]!;
    for (let at = cell + rowCells; at < snapshot.length; at += rowCells) {
      const value = snapshot[at]!;
      if (value < least) least = value;
    }
    return least;
  }

  /** Whether every row shows at least `value` in `cell`. */
  everyRowHas(cell: number, value: number): boolean {
    return this.minimum(cell) >= value;
  }

  /** The first row that shows at least `value` in `cell`, or -1. */
  firstRowWith(cell: number, value: number): number {
    for (let row = 0; row < this.layout.rows; row++) if (this.read(row, cell) >= value) return row;
    return -1;
  }

  /** Whether my counters changed since `stampCounters`. */
  get isDirty(): boolean {
    return this.dirty;
  }

  /** Frames my counters with the next push number; the caller then pushes them as one captured span. */
  stampCounters(): void {
    const start = this.myRow * this.layout.rowCells;
    this.stamp++;
    this.cells[start] = this.stamp;
    this.cells[start + this.layout.block.endStamp] = this.stamp;
    this.dirty = false;
  }

  /** Byte offset of my counters, the same in everybody's memory. */
  get countersOffset(): number {
    return this.myRow * this.layout.rowCells * CELL_BYTES;
  }

  get countersBytes(): number {
    return (this.layout.block.endStamp + 1) * CELL_BYTES;
  }

  /** The bytes of a row's ring. */
  ringOf(row: number): { readonly memory: ArrayBuffer; readonly offset: number; readonly bytes: number } {
    const offset = this.layout.ringOffsets[row]!;
    assert(offset >= 0, `row ${row} has no ring`);
    return { memory: this.memory, offset, bytes: this.layout.ringBytes };
  }
}
