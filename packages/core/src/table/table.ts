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
import { loadFence } from './load-fence.js';
import { CELL_BYTES, type RingMemory, type TableLayout } from './row-layout.js';

export class Table {
  readonly layout: TableLayout;
  readonly myRow: number;
  /** All rows' counters, in registered memory: written by peers at any time. */
  private readonly cells: Float64Array;
  /** The last good copy of every row; row i begins at `i * rowCells`. */
  readonly snapshot: Float64Array;
  private readonly memory: ArrayBuffer;
  /** Where a block is collected until it is known to have landed whole. */
  private readonly incoming: Float64Array;
  /** By row, the sum of the block that was taken over last. */
  private readonly accepted: Float64Array;
  /** By row: 1 where nothing is taken over any more. */
  private readonly frozen: Uint8Array;
  /** All rows' notes, in registered memory. */
  private readonly notes: Float64Array;
  /** Cells of my notes that changed since they were pushed: from, and up to; nothing where both are equal. */
  private notesFrom = 0;
  private notesTo = 0;
  private dirty = false;
  private late = false;

  constructor(layout: TableLayout, memory: ArrayBuffer, myRow: number) {
    assert(memory.byteLength >= layout.bytes, `${memory.byteLength} bytes for a table of ${layout.bytes}`);
    assert(myRow >= 0 && myRow < layout.rows, `row ${myRow} in a table of ${layout.rows}`);
    this.layout = layout;
    this.myRow = myRow;
    this.memory = memory;
    this.cells = new Float64Array(memory, 0, layout.rows * layout.rowCells);
    this.notes = new Float64Array(memory, layout.notesOffset, layout.rows * layout.noteCells);
    this.snapshot = new Float64Array(layout.rows * layout.rowCells);
    this.incoming = new Float64Array(layout.block.endNumber + 1);
    this.accepted = new Float64Array(layout.rows);
    this.frozen = new Uint8Array(layout.rows);
  }

  /**
   * Copies every new counter block of the others that landed whole. Says whether one did. One that is landing is no news: its
   * fabric wakes me when the rest has come, and of a writer that died it never comes.
   */
  takeSnapshot(): boolean {
    const { cells, accepted, layout, myRow } = this;
    if (cells.length === 0) fail('the memory of this table was closed while it is in use');
    let isNew = false;
    for (let row = 0, at = layout.block.sum; row < layout.rows; row++, at += layout.rowCells) {
      const sum = cells[at]!;
      if (sum === accepted[row] || row === myRow || this.frozen[row] === 1) continue;
      loadFence();
      this.takeRow(row, sum);
      if (accepted[row] === sum) isNew = true;
    }
    if (isNew) loadFence(); // what these counters vouch for is read after them
    return isNew;
  }

  /**
   * Takes over a row if the block that it shows landed whole (see row-layout.ts); keeps the last good copy otherwise.
   *
   * The cells are read twice. While I read, one push can finish landing and the next one begin, and a mixture of three
   * blocks may well add up. Cells only grow, so values that are there in both passes were there together between them,
   * and then at most two pushes are mixed: that the sum shows.
   */
  private takeRow(row: number, sum: number): void {
    const { cells, snapshot, incoming } = this;
    const { endNumber } = this.layout.block;
    const start = row * this.layout.rowCells;
    let found = 0;
    for (let cell = endNumber; cell >= 0; cell--) {
      const value = cells[start + cell]!;
      incoming[cell] = value;
      found += value;
    }
    if (incoming[0]! !== incoming[endNumber]! || found !== sum) return;
    loadFence();
    for (let cell = endNumber; cell >= 0; cell--) if (cells[start + cell]! !== incoming[cell]!) return;
    for (let cell = endNumber - 1; cell > 0; cell--) {
      const value = incoming[cell]!;
      if (!(value >= snapshot[start + cell]!)) {
        fail(`cell ${cell} of row ${row} fell from ${snapshot[start + cell]} to ${value}`);
      }
      snapshot[start + cell] = value;
    }
    this.accepted[row] = sum;
  }

  /**
   * Keeps the row of another member as it is in the last snapshot, for good: who is taken for dead is not listened to again, or
   * two readers of its last words could act on different ones.
   */
  freeze(row: number): void {
    assert(row !== this.myRow, 'my own row cannot be frozen');
    this.frozen[row] = 1;
  }

  /** The last good value of a cell of any row. */
  read(row: number, cell: number): number {
    return this.snapshot[row * this.layout.rowCells + cell]!;
  }

  /** Grows a cell of my row that others wait for. */
  raise(cell: number, value: number): void {
    if (this.grow(cell, value)) this.dirty = true;
  }

  /** Grows a cell of my row that nobody waits for: others can do without it for a while, or see it when they look anyhow. */
  raiseLate(cell: number, value: number): void {
    if (this.grow(cell, value)) this.late = true;
  }

  private grow(cell: number, value: number): boolean {
    const at = this.myRow * this.layout.rowCells + cell;
    const old = this.snapshot[at]!;
    if (value === old) return false;
    if (!(value > old)) fail(`cell ${cell} of row ${this.myRow} would fall from ${old} to ${value}`);
    this.snapshot[at] = value;
    this.cells[at] = value;
    return true;
  }

  /**
   * Writes cells of my notes. They are pushed before the counters of the same push, and one of those must vouch for them: raise
   * it in the same turn.
   *
   * @param at the first of them within my notes
   */
  writeNotes(at: number, cells: Float64Array): void {
    const { noteCells } = this.layout;
    assert(at + cells.length <= noteCells, `notes up to ${at + cells.length} of ${noteCells} cells`);
    this.notes.set(cells, this.myRow * noteCells + at);
    const isEmpty = this.notesFrom === this.notesTo;
    this.notesFrom = isEmpty ? at : Math.min(this.notesFrom, at);
    this.notesTo = isEmpty ? at + cells.length : Math.max(this.notesTo, at + cells.length);
  }

  /** Copies cells of any row's notes, as they are now: others' may be landing. */
  readNotes(row: number, at: number, into: Float64Array): void {
    const from = row * this.layout.noteCells + at;
    into.set(this.notes.subarray(from, from + into.length));
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

  /** Whether a counter that others wait for changed since `sealCounters`. */
  get isDirty(): boolean {
    return this.dirty;
  }

  /** Whether one changed since then that can wait for the next push. */
  get isLate(): boolean {
    return this.late;
  }

  /** Numbers and adds up my counters; the caller then pushes the block as one captured span. */
  sealCounters(): void {
    const { cells } = this;
    const { endNumber, sum } = this.layout.block;
    const start = this.myRow * this.layout.rowCells;
    const number = cells[start]! + 1;
    cells[start] = number;
    cells[start + endNumber] = number;
    let total = 0;
    for (let cell = endNumber; cell >= 0; cell--) total += cells[start + cell]!;
    if (total > Number.MAX_SAFE_INTEGER) fail(`counters of row ${this.myRow} add up to ${total}, past 2^53`);
    cells[start + sum] = total;
    this.dirty = false;
    this.late = false;
    this.notesFrom = this.notesTo = 0;
  }

  /** Where those of my notes lie that a push must carry, and how many bytes; 0 where none changed. */
  get changedNotesOffset(): number {
    return this.layout.notesOffset + (this.myRow * this.layout.noteCells + this.notesFrom) * CELL_BYTES;
  }

  get changedNotesBytes(): number {
    return (this.notesTo - this.notesFrom) * CELL_BYTES;
  }

  /** All of my notes: byte offset and length. */
  get notesOffset(): number {
    return this.layout.notesOffset + this.myRow * this.layout.noteCells * CELL_BYTES;
  }

  get notesBytes(): number {
    return this.layout.noteCells * CELL_BYTES;
  }

  /** Byte offset of my counters, the same in everybody's memory. */
  get countersOffset(): number {
    return this.myRow * this.layout.rowCells * CELL_BYTES;
  }

  get countersBytes(): number {
    return (this.layout.block.sum + 1) * CELL_BYTES;
  }

  /** The bytes of a row's ring. */
  ringOf(row: number): RingMemory {
    const offset = this.layout.ringOffsets[row]!;
    assert(offset >= 0, `row ${row} has no ring`);
    return { memory: this.memory, offset, bytes: this.layout.ringBytes };
  }
}
