/**
 * Goal: what a throw leaves behind is what the command found, also where a handler did something odd to an object; and
 * no rollback, however hopeless, keeps the member from going on.
 */
import { expect } from 'chai';
import { digestState } from '../../src/state/digest.js';
import { Journal } from '../../src/state/journal.js';
import { restoreState, snapshotState } from '../../src/state/snapshot.js';
import { trackedInstance } from '../../src/state/tracked-instance.js';
import { privateNamesOf } from '../../src/codec/values.js';

class Shelf {
  list: unknown[] = [3, undefined, 2];
  item: Record<string | symbol, unknown> = { a: 1, b: { c: 2 } };
  at = new Date(5);
  pattern = /a/g;
  bytes = new Uint8Array([1, 2, 3]);
  groups = new Map<string, unknown>([['inner', new Map([['k', 1]])]]);
}

interface Ended {
  readonly error: unknown;
  readonly wasUndone: boolean;
}

function command(journal: Journal, actor: Shelf, act: (shelf: Shelf) => void): Ended {
  journal.begin(actor);
  try {
    act(actor);
    journal.commit();
    return { error: undefined, wasUndone: true };
  } catch (error) {
    return { error, wasUndone: journal.rollback() };
  }
}

/** Touches everything, so that whatever cannot be state would be found. */
function touchAll(shelf: Shelf): void {
  for (const key of Object.keys(shelf)) Reflect.get(shelf, key);
}

describe('rollback of odd changes', () => {
  const odd: Record<string, (shelf: Shelf) => void> = {
    'a name on an array': shelf => Object.assign(shelf.list, { total: 5 }),
    'an index before an array': shelf => Object.assign(shelf.list, { '-1': 5 }),
    'a hole where undefined stood': shelf => void Reflect.deleteProperty(shelf.list, 1),
    'a longer array': shelf => void (shelf.list.length = 9),
    'a symbol on an object': shelf => void (shelf.item[Symbol.for('x')] = 1),
    'a symbol on bytes': shelf => Object.assign(shelf.bytes, { [Symbol.for('x')]: 1 }),
    'a name on a date': shelf => Object.assign(shelf.at, { note: 1 }),
    'a name on a regular expression': shelf => Object.assign(shelf.pattern, { note: 1 }),
    'a place in a regular expression': shelf => void shelf.pattern.test('aaa'),
    'a throwing accessor': shelf =>
      void Object.defineProperty(shelf.item, 'a', {
        get() {
          throw new Error('looked at');
        },
        enumerable: true,
        configurable: true,
      }),
  };

  for (const [name, act] of Object.entries(odd)) {
    it(`takes back ${name}, after a throw and after a refusal`, () => {
      for (const throws of [true, false]) {
        const journal = new Journal();
        const shelf = trackedInstance(Shelf, journal);
        const before = digestState(shelf);
        const ended = command(journal, shelf, it => {
          act(it);
          if (throws) throw new Error('no');
        });
        if (!throws && ended.error === undefined) continue; // allowed as a change
        expect(ended.wasUndone).to.equal(true);
        expect(digestState(shelf)).to.equal(before);
        expect(command(journal, shelf, touchAll).error).to.equal(undefined);
      }
    });
  }

  it('restores a sealed object, and one with a read-only field', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    command(journal, shelf, ({ item }) => {
      Object.defineProperty(item, 'fixed', { value: 1, enumerable: true });
      Object.seal(item);
    });
    const ended = command(journal, shelf, ({ item }) => {
      item['a'] = 7;
      throw new Error('no');
    });
    expect(ended.wasUndone).to.equal(true);
    expect(shelf.item['a']).to.equal(1);
  });

  const hopeless: Record<string, (shelf: Shelf) => void> = {
    'a read-only field': ({ item }) => void Object.defineProperty(item, 'x', { value: 1, enumerable: true }),
    'detached memory': ({ bytes }) => void structuredClone(bytes.buffer, { transfer: [bytes.buffer] }),
    'a frozen array': ({ list }) => {
      list.push(1);
      Object.freeze(list);
    },
  };

  for (const [name, act] of Object.entries(hopeless)) {
    it(`goes on after ${name}, in commands and in queries`, () => {
      const journal = new Journal();
      const shelf = trackedInstance(Shelf, journal);
      const ended = command(journal, shelf, it => {
        act(it);
        throw new Error('no');
      });
      expect(ended.wasUndone).to.equal(false);
      journal.beginQuery(shelf);
      journal.endQuery();
      const other = trackedInstance(Shelf, journal);
      journal.beginQuery(other);
      act(other);
      expect(() => journal.endQuery()).to.throw('could not be undone');
      expect(command(journal, trackedInstance(Shelf, journal), touchAll).error).to.equal(undefined);
    });
  }
});

describe('a query that writes to an object with a field named constructor', () => {
  it('is refused as READ_ONLY', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    command(journal, shelf, ({ item }) => void Reflect.set(item, 'constructor', null));
    journal.beginQuery(shelf);
    shelf.item['a'] = 2;
    expect(() => journal.endQuery())
      .to.throw('a query changed an object')
      .with.property('code', 'READ_ONLY');
  });
});

describe('journaled collections that move', () => {
  it('refuses a collection inside itself, directly or in a circle, and undoes it', () => {
    const circles: ((shelf: Shelf) => void)[] = [
      ({ groups }) => void groups.set('self', groups),
      ({ groups, item }) => {
        item['back'] = groups;
        groups.set('item', item);
      },
      ({ groups }) => void (groups.get('inner') as Map<string, unknown>).set('outer', groups),
    ];
    for (const close of circles) {
      const journal = new Journal();
      const shelf = trackedInstance(Shelf, journal);
      const before = digestState(shelf);
      expect(command(journal, shelf, close).error).to.have.property('code', 'NOT_SERIALIZABLE');
      expect(digestState(shelf)).to.equal(before);
    }
  });

  it('holds the limit of depth when a Map sinks a level per command, and stays usable', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    let sunk = 0;
    while (sunk < 40) {
      const ended = command(journal, shelf, it => void (it.groups = new Map([['in', it.groups]])));
      if (ended.error !== undefined) {
        expect(ended.error).to.have.property('code', 'NOT_SERIALIZABLE');
        break;
      }
      sunk++;
    }
    expect(sunk).to.equal(30); // with the two Maps there at first: 32
    const copy = trackedInstance(Shelf, journal);
    restoreState(copy, snapshotState(shelf));
    expect(digestState(copy)).to.equal(digestState(shelf));
    const back = command(journal, shelf, it => {
      for (let i = 0; i < sunk; i++) it.groups = it.groups.get('in') as Map<string, unknown>;
      it.groups.set('more', new Set([1]));
    });
    expect(back.error).to.equal(undefined);
    expect([...shelf.groups.keys()]).to.deep.equal(['inner', 'more']);
  });

  it('swaps two Maps and takes it back', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    command(journal, shelf, ({ groups }) => void groups.set('second', new Map([['z', 1]])));
    const before = JSON.stringify(snapshotState(shelf));
    const digest = digestState(shelf);
    const swap = ({ groups }: Shelf): void => {
      const [a, b] = [groups.get('inner'), groups.get('second')] as Map<string, number>[];
      groups.set('inner', b).set('second', a);
      a!.set('q', 1);
      b!.clear();
    };
    command(journal, shelf, it => {
      swap(it);
      throw new Error('no');
    });
    expect(JSON.stringify(snapshotState(shelf))).to.equal(before);
    expect(digestState(shelf)).to.equal(digest);
    command(journal, shelf, swap);
    expect([...(shelf.groups.get('second') as Map<string, number>)]).to.deep.equal([
      ['k', 1],
      ['q', 1],
    ]);
  });
});

describe('a class with snapshot() and restore() and no private fields', () => {
  class Own {
    names = new Map<string, unknown>([['ann', 1]]);
    count = 1;
    snapshot(): unknown {
      return { names: this.names, count: this.count };
    }
    restore(from: { names: Map<string, unknown>; count: number }): void {
      if (from.count < 0) throw new Error('negative');
      this.names.clear();
      for (const [name, value] of from.names) this.names.set(name, value);
      this.count = from.count;
    }
  }

  it('is restored through them, and what they put in is journaled', () => {
    const journal = new Journal();
    const own = trackedInstance(Own, journal);
    restoreState(own, { names: new Map([['bob', new Map([['x', 1]])]]), count: 7 });
    const digest = digestState(own);
    journal.begin(own);
    (own.names.get('bob') as Map<string, number>).set('y', 2);
    journal.rollback();
    expect(digestState(own)).to.equal(digest);
    expect(() => restoreState(own, { names: new Map(), count: -1 })).to.throw('negative');
    expect(digestState(own)).to.equal(digest);
  });
});

describe('privateNamesOf', () => {
  it('takes no regular expression, template or nested class for private fields', () => {
    class Plain {
      one(text: string): boolean {
        return /#fff/.test(text);
      }
      two(): unknown {
        return (text: string) => /#abc/.test(text);
      }
      three(): string {
        return `${['`'].join()} #abc`;
      }
    }
    class Hidden {
      #count = 0;
      next(): number {
        return ++this.#count;
      }
    }
    expect(privateNamesOf(Plain)).to.deep.equal([]);
    expect(privateNamesOf(Hidden)).to.deep.equal(['#count']);
  });
});
