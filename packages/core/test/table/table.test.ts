/** What a snapshot takes over and what it leaves: whole blocks, of past values, that never fall. */
import { expect } from 'chai';
import { AssertionError, Table, memberColumns, tableLayout } from '@bowecho/core';

const { block, installed, wedged } = memberColumns();
const layout = tableLayout(block, 3);

/** A table of three rows, and the cells that a peer would write. */
function tableAndCells(): { table: Table; cells: Float64Array; row1: number } {
  const memory = new ArrayBuffer(layout.bytes);
  return { table: new Table(layout, memory, 0), cells: new Float64Array(memory), row1: layout.rowCells };
}

describe('table', () => {
  it('takes over a block whose stamps agree', () => {
    const { table, cells, row1 } = tableAndCells();
    cells[row1 + wedged] = 1;
    cells[row1] = cells[row1 + block.endStamp] = 1;
    expect(table.takeSnapshot()).to.equal(true);
    expect(table.read(1, wedged)).to.equal(1);
    expect(table.takeSnapshot()).to.equal(false);
  });

  it('keeps the last good copy of a block that landed in part', () => {
    const { table, cells, row1 } = tableAndCells();
    cells[row1] = 1; // a block lands from its front, and this one has not come to its end
    cells[row1 + wedged] = 1;
    expect(table.takeSnapshot()).to.equal(false);
    expect(table.read(1, wedged)).to.equal(0);
  });

  it('takes a mixture of whole cells once its stamps agree, and the rest when it lands', () => {
    const { table, cells, row1 } = tableAndCells();
    cells[row1] = cells[row1 + block.endStamp] = 1;
    cells[row1 + installed] = 1;
    table.takeSnapshot();
    expect(table.read(1, wedged)).to.equal(0);
    cells[row1 + wedged] = 1; // the same push, under the same stamps
    expect(table.takeSnapshot()).to.equal(true);
    expect(table.read(1, wedged)).to.equal(1);
  });

  it('fails the member when a cell of a peer falls, for its memory is not what the protocol wrote', () => {
    const { table, cells, row1 } = tableAndCells();
    cells[row1 + wedged] = 1;
    cells[row1] = cells[row1 + block.endStamp] = 1;
    table.takeSnapshot();
    cells[row1 + wedged] = 0;
    cells[row1] = cells[row1 + block.endStamp] = 2;
    expect(() => table.takeSnapshot()).to.throw(AssertionError, 'cell 3 of row 1 fell from 1 to 0');
  });

  it('refuses to let my own cells fall', () => {
    const { table } = tableAndCells();
    table.raise(wedged, 2);
    expect(() => table.raise(wedged, 1)).to.throw(AssertionError, 'would fall from 2 to 1');
  });

  it('shows peers my cells only with a stamp at both ends', () => {
    const { table, cells } = tableAndCells();
    table.raise(installed, 1);
    expect(table.isDirty).to.equal(true);
    table.stampCounters();
    expect([cells[0], cells[block.endStamp]]).to.deep.equal([1, 1]);
    expect(table.isDirty).to.equal(false);
  });
});
