/**
 * Goal: what a command and its rollback cost follows what they touch, never the size of the state.
 *
 * Method: no clocks. The journal is counted instead: how many records and captured copies one command makes, and how
 * many entries of the state are read, is the same with 10 entries as with 100,000.
 */
import { expect } from 'chai';
import { EntryList } from '../../src/state/entry-list.js';
import { Journal } from '../../src/state/journal.js';
import { trackedInstance } from '../../src/state/tracked-instance.js';

class Store {
  entries = new Map<string, { n: number }>();
}

interface Work {
  records: number;
  captures: number;
  undone: number;
  settled: number;
}

class CountingJournal extends Journal {
  work: Work = { records: 0, captures: 0, undone: 0, settled: 0 };
  override record(...change: Parameters<Journal['record']>): void {
    this.work.records++;
    super.record(...change);
  }
  override capture(value: object): boolean {
    this.work.captures++;
    return super.capture(value);
  }
}

function workOf(size: number, act: (store: Store) => void, end: 'commit' | 'rollback'): Work {
  const journal = new CountingJournal();
  const store = trackedInstance(Store, journal);
  journal.begin(store);
  for (let i = 0; i < size; i++) store.entries.set(`k${i}`, { n: i });
  journal.commit();
  journal.work = { records: 0, captures: 0, undone: 0, settled: 0 };
  const { undo, settle } = EntryList.prototype;
  EntryList.prototype.undo = function (...change) {
    journal.work.undone++;
    undo.apply(this, change);
  };
  EntryList.prototype.settle = function (...change) {
    journal.work.settled++;
    settle.apply(this, change);
  };
  try {
    journal.begin(store);
    act(store);
    journal[end]();
  } finally {
    Object.assign(EntryList.prototype, { undo, settle });
  }
  expect(store.entries.size).to.be.at.least(end === 'rollback' ? size : 0);
  return journal.work;
}

describe('the cost of a command', () => {
  const acts: readonly (readonly [string, (store: Store) => void])[] = [
    ['an update', store => store.entries.set('k5', { n: 1 })],
    ['a write through a reference', store => (store.entries.get('k5')!.n = 9)],
    ['an insert and a delete', store => store.entries.set('new', { n: 1 }).delete('k3')],
    ['a clear', store => store.entries.clear()],
  ];
  for (const [title, act] of acts) {
    for (const end of ['commit', 'rollback'] as const) {
      it(`of ${title} and ${end} is the same with 10 entries and 100,000`, () => {
        const small = workOf(10, act, end);
        expect(small).to.deep.equal(workOf(100_000, act, end));
        expect(small.records).to.be.within(1, 2);
      });
    }
  }

  it('is counted: a command that touches everything costs accordingly', () => {
    const all = workOf(1_000, store => store.entries.forEach(entry => entry.n++), 'rollback');
    expect(all).to.include({ captures: 1_000, undone: 1_000 });
  });
});
