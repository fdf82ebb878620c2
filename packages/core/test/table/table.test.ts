/** What a snapshot takes over and what it leaves: whole blocks, of past values, that never fall. */
import { expect } from 'chai';
import { AssertionError, Table, columnOf, counterBlock, tableLayout } from '@bowecho/core';

const block = counterBlock([
  ['installed', 1],
  ['leaving', 1],
  ['wedged', 1],
]);
const [installed, leaving, wedged] = ['installed', 'leaving', 'wedged'].map(name =>
  columnOf(block, name),
) as [number, number, number];
const NOTES = 4;
const layout = tableLayout(block, 3, [], 0, NOTES);

/** A table of three rows, and the cells that a peer would write. */
function tableAndCells(): { table: Table; cells: Float64Array; row1: number } {
  const memory = new ArrayBuffer(layout.bytes);
  return { table: new Table(layout, memory, 0), cells: new Float64Array(memory), row1: layout.rowCells };
}

/** The cells of a whole block: installed, leaving, wedged, framed as push `number`. */
function blockOf(number: number, counters: readonly [number, number, number]): number[] {
  const cells = [number, ...counters, number];
  return [...cells, cells.reduce((sum, cell) => sum + cell, 0)];
}

function seenBy(table: Table): number[] {
  return [installed, leaving, wedged].map(column => table.read(1, column));
}

describe('table', () => {
  it('takes over a block that landed whole, once', () => {
    const { table, cells, row1 } = tableAndCells();
    cells.set(blockOf(1, [1, 0, 0]), row1);
    expect(table.takeSnapshot()).to.equal(true);
    expect(seenBy(table)).to.deep.equal([1, 0, 0]);
    expect(table.takeSnapshot()).to.equal(false);
  });

  it('takes over no part of a block, in whatever order its cells land', () => {
    for (const [before, after] of [
      [
        [3, 1, 0],
        [4, 2, 1],
      ],
      [
        [3, 1, 0],
        [3, 1, 1],
      ],
      [
        [0, 0, 0],
        [1, 0, 0],
      ],
    ] as [[number, number, number], [number, number, number]][]) {
      for (const order of permutations([0, 1, 2, 3, 4, 5])) {
        const { table, cells, row1 } = tableAndCells();
        cells.set(blockOf(1, before), row1); // and nobody looked yet
        const landing = blockOf(2, after);
        order.forEach((cell, i) => {
          cells[row1 + cell] = landing[cell]!;
          table.takeSnapshot();
          const isWhole = landing.every((value, at) => cells[row1 + at] === value);
          const seen = seenBy(table).join();
          const allowed = isWhole ? [after.join()] : [before.join(), '0,0,0'];
          expect(allowed, `order ${order.join()}, ${i + 1} landed`).to.include(seen);
        });
      }
    }
  });

  it('takes over no block of which bytes are missing, when they land in order', () => {
    const numbers: [number, number, number][] = [
      [0, 0, 0],
      [1, 255, 1],
      [168, 256, 511],
      [70_001, 256, 512],
      [2 ** 40 + 1, 2 ** 31, 2 ** 52],
    ];
    for (let i = 1; i < numbers.length; i++) {
      for (const looks of [true, false]) {
        const { table, cells, row1 } = tableAndCells();
        const bytes = new Uint8Array(cells.buffer, row1 * 8, 48);
        cells.set(blockOf(i, numbers[i - 1]!), row1);
        if (looks) table.takeSnapshot();
        const landing = new Uint8Array(Float64Array.from(blockOf(i + 1, numbers[i]!)).buffer);
        for (let landed = 0; landed < landing.length; landed++) {
          bytes[landed] = landing[landed]!;
          table.takeSnapshot();
          const isWhole = landing.every((byte, at) => bytes[at] === byte);
          const allowed = isWhole ? [numbers[i]!.join()] : [numbers[i - 1]!.join(), '0,0,0'];
          expect(allowed, `block ${i}, ${landed + 1} bytes landed`).to.include(seenBy(table).join());
        }
      }
    }
  });

  it('takes no block for news before it has landed whole, for the rest may never come', () => {
    const { table, cells, row1 } = tableAndCells();
    const landing = blockOf(1, [1, 0, 1]);
    cells.set(landing, row1);
    cells[row1 + wedged] = 0;
    expect([table.takeSnapshot(), table.takeSnapshot()]).to.deep.equal([false, false]);
    cells[row1 + wedged] = 1;
    expect([table.takeSnapshot(), table.takeSnapshot()]).to.deep.equal([true, false]);
  });

  it('fails the member when a cell of a peer falls, for its memory is not what the protocol wrote', () => {
    const { table, cells, row1 } = tableAndCells();
    cells.set(blockOf(1, [0, 0, 1]), row1);
    table.takeSnapshot();
    cells.set(blockOf(2, [1, 0, 0]), row1);
    expect(() => table.takeSnapshot()).to.throw(AssertionError, 'cell 3 of row 1 fell from 1 to 0');
  });

  it('refuses to let my own cells fall', () => {
    const { table } = tableAndCells();
    table.raise(wedged, 2);
    expect(() => table.raise(wedged, 1)).to.throw(AssertionError, 'would fall from 2 to 1');
  });

  it('numbers and adds up my counters before they are pushed', () => {
    const { table, cells } = tableAndCells();
    table.raise(installed, 1);
    table.raise(leaving, 1);
    expect(table.isDirty).to.equal(true);
    table.sealCounters();
    expect([...cells.slice(0, 6)]).to.deep.equal(blockOf(1, [1, 1, 0]));
    expect(table.isDirty).to.equal(false);
  });

  it('keeps a frozen row as it was, whatever its member goes on to write', () => {
    const { table, cells, row1 } = tableAndCells();
    cells.set(blockOf(1, [1, 0, 0]), row1);
    expect(table.takeSnapshot()).to.equal(true);
    table.freeze(1);
    cells.set(blockOf(2, [1, 1, 1]), row1);
    expect(table.takeSnapshot()).to.equal(false);
    expect(seenBy(table)).to.deep.equal([1, 0, 0]);
    expect(() => table.freeze(table.myRow)).to.throw(AssertionError, 'my own row');
  });

  it('tells which of my notes changed until they are pushed, and copies those of others as they are', () => {
    const { table, cells } = tableAndCells();
    const notesAt = layout.notesOffset / 8;
    expect(table.changedNotesBytes).to.equal(0);
    table.writeNotes(1, Float64Array.of(5));
    table.writeNotes(3, Float64Array.of(7));
    expect([table.changedNotesOffset, table.changedNotesBytes]).to.deep.equal([
      layout.notesOffset + 8,
      3 * 8,
    ]);
    expect([...cells.slice(notesAt, notesAt + NOTES)]).to.deep.equal([0, 5, 0, 7]);
    table.sealCounters();
    expect(table.changedNotesBytes).to.equal(0);
    cells.set([1, 2, 3, 4], notesAt + 2 * NOTES);
    const copy = new Float64Array(2);
    table.readNotes(2, 1, copy);
    expect([...copy]).to.deep.equal([2, 3]);
    expect(() => table.writeNotes(3, copy)).to.throw(AssertionError, 'notes up to 5 of 4 cells');
  });

  it('tells what others wait for from what can wait itself', () => {
    const { table, cells } = tableAndCells();
    table.raiseLate(installed, 1);
    expect([table.isDirty, table.isLate]).to.deep.equal([false, true]);
    table.raise(leaving, 1);
    expect([table.isDirty, table.isLate]).to.deep.equal([true, true]);
    table.sealCounters();
    expect([...cells.slice(0, 6)]).to.deep.equal(blockOf(1, [1, 1, 0]));
    expect([table.isDirty, table.isLate]).to.deep.equal([false, false]);
  });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap(first =>
    permutations(items.filter(item => item !== first)).map(rest => [first, ...rest]),
  );
}
