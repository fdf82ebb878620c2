/** The row layouts as text: whoever moves a column sees it here, and in a diff. */
import { expect } from 'chai';
import {
  columnOf,
  counterBlock,
  memberColumns,
  shardColumns,
  tableLayout,
  type CounterBlock,
} from '@bowecho/core';

/** `number 0 | tail 1 | received 2-4 | ... | number 6 | sum 7` */
function picture(block: CounterBlock): string {
  const columns = block.columns.map(({ name, cell, width }) =>
    width === 1 ? `${name} ${cell}` : `${name} ${cell}-${cell + width - 1}`,
  );
  return ['number 0', ...columns, `number ${block.endNumber}`, `sum ${block.sum}`].join(' | ');
}

describe('row layout', () => {
  it('puts the columns of a shard row in push order', () => {
    expect(picture(shardColumns(3).block)).to.equal(
      'number 0 | tail 1 | received 2-4 | delivered 5 | number 6 | sum 7',
    );
  });

  it('puts the columns of a member row in push order', () => {
    expect(picture(memberColumns(3).block)).to.equal(
      'number 0 | beat 1 | installed 2 | leaving 3 | probe 4 | echoes 5-7 | suspects 8-10 | wedged 11 | promised 12 | accepted 13 | decided 14 | number 15 | sum 16',
    );
  });

  it('refuses a guard that would be pushed before its data', () => {
    const block = counterBlock([
      ['wedged', 1],
      ['received', 2],
    ]);
    expect(() => columnOf(block, 'wedged', ['received'])).to.throw('wedged must be pushed after received');
  });

  it('gives every row lines of its own and every ring a place behind all counters', () => {
    for (const senders of [1, 3, 16]) {
      for (const rows of [1, 2, 5, 64]) {
        const ringRows = [...Array(Math.min(senders, rows)).keys()];
        const layout = tableLayout(shardColumns(senders).block, rows, ringRows, 4096);
        expect((layout.rowCells * 8) % 64).to.equal(0);
        expect(layout.rowCells).to.be.greaterThan(layout.block.sum);
        const rings = ringRows.map(row => layout.ringOffsets[row]!);
        rings.forEach((offset, i) => expect(offset).to.equal(rows * layout.rowCells * 8 + i * 4096));
        expect(layout.bytes).to.equal(rows * layout.rowCells * 8 + rings.length * 4096);
      }
    }
  });

  it('puts the notes of all rows behind all counters, and the rings behind those', () => {
    const layout = tableLayout(shardColumns(2).block, 3, [0, 2], 4096, 5);
    expect(layout.notesOffset).to.equal(3 * layout.rowCells * 8);
    const notesBytes = Math.ceil((3 * 5 * 8) / 64) * 64;
    expect(layout.ringOffsets).to.deep.equal(
      [0, -1, 4096].map(at => (at < 0 ? -1 : layout.notesOffset + notesBytes + at)),
    );
    expect(layout.bytes).to.equal(layout.notesOffset + notesBytes + 2 * 4096);
  });
});
