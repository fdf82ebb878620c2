/**
 * RowLayout says where everything lies in a table's memory. All members of a table compute the same layout, so an offset
 * in my memory is the same offset in yours, and a push needs no translation.
 *
 * ```
 *  table     | counters of row 0 | counters of row 1 | ... | notes of row 0 | ... | ring of row a | ring of row b | ...
 *              row i is written by member i alone            member tables alone   only senders have a ring
 *
 *  counters  | number | column, column, ... in push order | number | sum | unused up to 64 bytes |
 *              8 bytes a cell, a double holding an integer below 2^53
 * ```
 *
 * A row is pushed ring and notes first, then its counters: data before its guard, as writes of their own. Notes are cells that
 * may fall and are rare; a reader that has seen the counter which vouches for them copies them, and knows by what they say
 * whether they are whole. The counters travel as one captured write, and a reader takes a block only if it landed whole:
 *
 *  - TCP lands bytes in order and may stop inside a cell. Then the number of the push at the front is new and the one
 *    behind the columns is old.
 *  - Shared memory and NICs land whole cells, in any order. Counters never fall, so a mixture of two blocks adds up to
 *    less than the new sum and to more than the old one; the sum covers the numbers too. That holds while sums are exact,
 *    so a member whose counters add up to more than 2^53 fails instead of pushing them. A mixture of three could add up;
 *    reading the cells twice rules that out (table.ts).
 *
 * Every push has a greater sum than the one before, so a row whose sum was seen needs no other look: a turn with nothing
 * to do reads one cell per row.
 *
 * The counters of all rows lie together because a turn reads them all and mostly nothing else.
 */
import { assert } from '../assert.js';

export const CELL_BYTES = 8;

/** Rows start on cache lines of their own: two writers never share one. */
const LINE_BYTES = 64;

/** One named run of cells in a counter block. */
export interface Column {
  readonly name: string;
  /** Index of its first cell within the block; cell 0 is the number of the push. */
  readonly cell: number;
  /** How many cells. */
  readonly width: number;
}

/** The cells of one row's counter block. */
export interface CounterBlock {
  readonly columns: readonly Column[];
  /** Index of the number's second place. */
  readonly endNumber: number;
  /** Index of the sum of all cells before it, the block's last cell. */
  readonly sum: number;
}

/** Lays out columns in the order given, which is the order of pushing. */
export function counterBlock(columns: readonly (readonly [name: string, width: number])[]): CounterBlock {
  let cell = 1;
  const placed = columns.map(([name, width]) => {
    assert(width > 0, `column ${name} has ${width} cells`);
    const column: Column = { name, cell, width };
    cell += width;
    return column;
  });
  return { columns: placed, endNumber: cell, sum: cell + 1 };
}

/** The column `name`; it must come after every column in `after`, because it vouches for them. */
export function columnOf(block: CounterBlock, name: string, after: readonly string[] = []): number {
  const column = block.columns.find(candidate => candidate.name === name);
  assert(column !== undefined, `no column ${name}`);
  for (const earlier of after) {
    const data = block.columns.find(candidate => candidate.name === earlier);
    assert(data !== undefined && data.cell < column.cell, `${name} must be pushed after ${earlier}`);
  }
  return column.cell;
}

/** The bytes of one sender's ring. */
export interface RingMemory {
  readonly memory: ArrayBuffer;
  /** Where it begins: a multiple of 8. */
  readonly offset: number;
  /** Its size: a power of two. */
  readonly bytes: number;
}

export interface TableLayout {
  readonly block: CounterBlock;
  readonly rows: number;
  /** Cells from one row's block to the next one's. */
  readonly rowCells: number;
  /** Cells of each row's notes; and where those of row 0 begin: a byte offset. */
  readonly noteCells: number;
  readonly notesOffset: number;
  /** Bytes of each ring; 0 where no row has one. */
  readonly ringBytes: number;
  /** By row: byte offset of its ring, or -1. */
  readonly ringOffsets: readonly number[];
  /** Size of the whole table. */
  readonly bytes: number;
}

/**
 * The layout of a table of `rows` rows, of which those in `ringRows` have a ring of `ringBytes` (a power of two), and all have
 * notes of `noteCells` cells.
 */
export function tableLayout(
  block: CounterBlock,
  rows: number,
  ringRows: readonly number[] = [],
  ringBytes = 0,
  noteCells = 0,
): TableLayout {
  assert(rows > 0, `table of ${rows} rows`);
  const blockBytes = (block.sum + 1) * CELL_BYTES;
  const rowBytes = linesOf(blockBytes);
  if (ringRows.length > 0) {
    assert(ringBytes >= LINE_BYTES && (ringBytes & (ringBytes - 1)) === 0, `ring of ${ringBytes} bytes`);
  }
  const ringOffsets = new Array<number>(rows).fill(-1);
  const notesOffset = rows * rowBytes;
  const ringsOffset = notesOffset + linesOf(rows * noteCells * CELL_BYTES);
  ringRows.forEach((row, i) => {
    assert(row >= 0 && row < rows && ringOffsets[row] === -1, `ring of row ${row} in a table of ${rows}`);
    ringOffsets[row] = ringsOffset + i * ringBytes;
  });
  const bytes = ringsOffset + ringRows.length * ringBytes;
  assert(bytes < 2 ** 31, `a table of ${bytes} bytes cannot be addressed by 32-bit offsets`);
  const rowCells = rowBytes / CELL_BYTES;
  return { block, rows, rowCells, noteCells, notesOffset, ringBytes, ringOffsets, bytes };
}

/** Bytes of the cache lines that so many bytes take. */
function linesOf(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
