/** Goal: a record is read as it was written, or not at all. */
import { AssertionError, MOST_JOINERS, RecordLayout, foundingView, type ViewRecord } from '@bowecho/core';
import { expect } from 'chai';

const MEMBERS = ['a', 'b', 'c'].map(id => ({ id, incarnation: 1 }));
const VIEW = foundingView(MEMBERS, [
  { name: 'one', mode: 'ordered', shards: [{ replicas: [0, 1, 2], senders: [0, 1] }] },
  { name: 'two', mode: 'unordered', shards: [{ replicas: [1, 2], senders: [2] }] },
]);

const OLD: ViewRecord = {
  ballot: 1,
  fates: ['stays', 'stays', 'lost'],
  trims: [[10, 0], [3]],
  layout: [[0, 1], [1]],
  joiners: [],
};
const NEW: ViewRecord = {
  ballot: 5,
  fates: ['lost', 'stays', 'leaves'],
  trims: [[9, 2 ** 40], [0]],
  layout: [
    [0, 1],
    [0, 2],
  ],
  joiners: [
    { id: 'd', incarnation: 2 ** 47 - 1 },
    { id: 'a.long-name_of.64-characters'.padEnd(64, '0123456789'), incarnation: 1 },
  ],
};

describe('the record of a view’s end', () => {
  const layout = new RecordLayout(VIEW);
  const cellsOf = (record: ViewRecord): Float64Array => {
    const cells = new Float64Array(layout.cells);
    layout.write(record, cells);
    return cells;
  };

  it('is read as it was written, under its own ballot', () => {
    expect(layout.read(cellsOf(OLD), 1)).to.deep.equal(OLD);
    expect(layout.read(cellsOf(NEW), 5)).to.deep.equal(NEW);
    expect(layout.read(cellsOf(OLD), 5)).to.equal(undefined);
    expect(layout.read(new Float64Array(layout.cells), 0)).to.equal(undefined);
  });

  it('is not read from any mixture of two', () => {
    const [from, to] = [cellsOf(OLD), cellsOf(NEW)];
    let mixtures = 0;
    // Of the names only so many cells as can be mixed in all ways.
    const differing = [...from.keys()].filter(i => from[i] !== to[i]);
    const mixed = [...differing.slice(0, 12), ...differing.slice(-3)];
    for (let mask = 1; mask < 1 << mixed.length; mask++) {
      const cells = from.slice();
      mixed.forEach((cell, i) => {
        if (mask & (1 << i)) cells[cell] = to[cell]!;
      });
      const isWhole = [from, to].some(whole => whole.every((cell, i) => cell === cells[i]));
      if (isWhole) continue;
      mixtures++;
      for (const { ballot } of [OLD, NEW]) expect(layout.read(cells, ballot)).to.equal(undefined);
    }
    expect(mixtures).to.be.above(50);
  });

  it('fails the member that finds nonsense with a right checksum', () => {
    const nonsense = { ...OLD, trims: [[-1, 0], [3]] };
    expect(() => layout.read(cellsOf(nonsense), 1)).to.throw(AssertionError, 'a trim of -1 frames');
  });

  it('is written only where it fits the view', () => {
    expect(() => cellsOf({ ...OLD, fates: ['stays'] })).to.throw(AssertionError, '1 fates of 3 members');
    expect(() => cellsOf({ ...OLD, trims: [[1], [3]] })).to.throw(AssertionError, '1 trims of 2 senders');
    expect(() => cellsOf({ ...OLD, layout: [[0]] })).to.throw(AssertionError, 'a layout of 1 of 2 sets');
    expect(() => cellsOf({ ...OLD, layout: [[7], [0]] })).to.throw(
      AssertionError,
      'rank 7 after a view of 3 members',
    );
  });

  it('has a bit for every rank of the largest view', () => {
    const members = Array.from({ length: 64 }, (_, i) => ({ id: `n${i}`, incarnation: 1 }));
    const all = Array.from({ length: 64 + MOST_JOINERS }, (_, rank) => rank);
    const shards = [{ replicas: [0], senders: [0] }];
    const large = new RecordLayout(
      foundingView(members, [
        { name: 'one', mode: 'ordered', shards },
        { name: 'two', mode: 'ordered', shards },
      ]),
    );
    const layout = [all, all.filter(rank => rank % 31 === 1)];
    const record: ViewRecord = {
      ballot: 1,
      fates: members.map(() => 'stays'),
      trims: [[1], [2]],
      layout,
      joiners: [],
    };
    const cells = new Float64Array(large.cells).fill(NaN);
    large.write(record, cells);
    expect(large.read(cells, 1)).to.deep.equal(record);
  });
});
