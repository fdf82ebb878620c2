/** Counters of a very long view: exact up to a sum of 2^53, and never pushed beyond, where a torn block could pass for whole. */
import { expect } from 'chai';
import { AssertionError, Table, shardColumns, tableLayout } from '@bowecho/core';

const SENDERS = 16;
const columns = shardColumns(SENDERS);
const layout = tableLayout(columns.block, SENDERS);

/** Row 0 pushes its counters to a reader, who looks once. */
function push(writer: Table, from: ArrayBuffer, reader: Table, to: ArrayBuffer): void {
  writer.sealCounters();
  new Uint8Array(to).set(new Uint8Array(from, writer.countersOffset, writer.countersBytes));
  reader.takeSnapshot();
}

describe('the largest counters', () => {
  it('are taken over exactly, push by push, around 2^31, 2^32, 2^40 and near 2^53', () => {
    const [from, to] = [new ArrayBuffer(layout.bytes), new ArrayBuffer(layout.bytes)];
    const [writer, reader] = [new Table(layout, from, 0), new Table(layout, to, 1)];
    for (const base of [2 ** 31 - 2, 2 ** 32 - 2, 2 ** 40 - 2, 2 ** 48 - 2, 2 ** 52]) {
      for (let step = 0; step < 4; step++) {
        writer.raise(columns.tail, base + 8 * step);
        writer.raise(columns.received + SENDERS - 1, 2 ** 31 + base / 32 + step);
        push(writer, from, reader, to);
        expect(reader.read(0, columns.tail)).to.equal(base + 8 * step);
        expect(reader.read(0, columns.received + SENDERS - 1)).to.equal(2 ** 31 + base / 32 + step);
      }
    }
  });

  it('fail the member before it pushes a sum past 2^53', () => {
    const memory = new ArrayBuffer(layout.bytes);
    const writer = new Table(layout, memory, 0);
    writer.raise(columns.tail, Number.MAX_SAFE_INTEGER - 2);
    writer.sealCounters();
    writer.raise(columns.delivered, 1);
    expect(() => writer.sealCounters()).to.throw(AssertionError, 'past 2^53');
  });
});
