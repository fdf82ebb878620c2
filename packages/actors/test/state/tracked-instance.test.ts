/**
 * Goal: an instance behaves as its class says, only data becomes its state, and only commands change it.
 */
import { BowechoError } from '@bowecho/core';
import { expect } from 'chai';
import { Value } from '../../src/codec/values.js';
import { digestState } from '../../src/state/digest.js';
import { Journal } from '../../src/state/journal.js';
import { restoreState, snapshotState } from '../../src/state/snapshot.js';
import { trackedInstance } from '../../src/state/tracked-instance.js';

@Value({ name: 'test-state-point' })
class Point {
  constructor(
    public x: number,
    public y: number,
  ) {}
}

class Board {
  static transient = ['cache'];
  cache: unknown = () => 'not state';
  points = new Map<string, Point>();
  nested = { inner: new Map([['a', new Set([1])]]), list: [{ deep: 1 }] };
  title = 'board';
  at = new Date(5);
  bytes = new Uint8Array(3);
  put(name: string, x: number): number {
    this.points.set(name, new Point(x, 0));
    return this.points.size;
  }
}

function board(journal = new Journal()): { board: Board; journal: Journal } {
  return { board: trackedInstance(Board, journal), journal };
}

function command(journal: Journal, actor: object, act: () => void): void {
  journal.begin(actor);
  try {
    act();
    journal.commit();
  } catch (error) {
    journal.rollback();
    throw error;
  }
}

describe('a tracked instance', () => {
  it('looks like an ordinary one', () => {
    const { board: tracked, journal } = board();
    expect(tracked).to.be.instanceOf(Board);
    expect(Object.keys(tracked).sort()).to.deep.equal(Object.keys(new Board()).sort());
    expect(tracked.points).to.be.instanceOf(Map);
    expect({ ...tracked }.title).to.equal('board');
    command(journal, tracked, () => expect(tracked.put('a', 1)).to.equal(1));
    expect(new Map(tracked.points)).to.deep.equal(new Map([['a', new Point(1, 0)]]));
    expect(new Set(tracked.nested.inner.get('a'))).to.deep.equal(new Set([1]));
  });

  it('undoes changes of every kind of field', () => {
    const { board: tracked, journal } = board();
    command(journal, tracked, () => tracked.put('a', 1));
    const before = snapshotState(tracked);
    const digest = digestState(tracked);
    const changes: readonly (() => unknown)[] = [
      () => (tracked.title = 'other'),
      () => tracked.at.setTime(9),
      () => (tracked.bytes[1] = 9),
      () => (tracked.nested.list[0]!.deep = 2),
      () => tracked.nested.list.push({ deep: 3 }),
      () => tracked.nested.inner.get('a')!.add(2),
      () => tracked.nested.inner.clear(),
      () => (tracked.points.get('a')!.x = 7),
      () => ([...tracked.points.values()][0]!.x = 8),
      () => tracked.points.forEach(point => (point.y = 8)),
      () => (tracked.nested = { inner: new Map(), list: [] }),
      () => Reflect.set(tracked, 'later', { x: 1 }),
      () => Reflect.set(tracked.nested, 'later', 1),
    ];
    for (const change of changes) {
      journal.begin(tracked);
      change();
      journal.rollback();
      expect(snapshotState(tracked), change.toString()).to.deep.equal(before);
      expect(digestState(tracked), change.toString()).to.equal(digest);
    }
    // The same changes, committed, are seen: so the checks above can fail.
    for (let i = 0; i < changes.length; i++) {
      restoreState(tracked, before);
      expect(digestState(tracked)).to.equal(digest);
      command(journal, tracked, changes[i]!);
      expect(digestState(tracked), changes[i]!.toString()).not.to.equal(digest);
    }
  });

  it('adopts what commands bring in, and undoes changes to it later', () => {
    const { board: tracked, journal } = board();
    command(journal, tracked, () => {
      Reflect.set(tracked, 'scores', new Map([['x', { tries: new Set([1]) }]]));
    });
    const scores = (tracked as Board & { scores: Map<string, { tries: Set<number> }> }).scores;
    const digest = digestState(tracked);
    journal.begin(tracked);
    scores.get('x')!.tries.add(2);
    scores.set('y', { tries: new Set() });
    journal.rollback();
    expect(digestState(tracked)).to.equal(digest);
    command(journal, tracked, () => scores.get('x')!.tries.add(2));
    expect([...scores.get('x')!.tries]).to.deep.equal([1, 2]);
  });

  it('rolls a command back that leaves something in the state that is not data', () => {
    const { board: tracked, journal } = board();
    const digest = digestState(tracked);
    const cases: readonly (readonly [() => unknown, RegExp])[] = [
      [
        () => tracked.points.set('f', (() => 0) as never),
        /Board\.points\.get\("f"\) cannot be state: it is a function/,
      ],
      [
        () => Reflect.set(tracked, 'later', Promise.resolve()),
        /Board\.later cannot be state: it is a promise/,
      ],
      [
        () => Reflect.set(tracked.nested.list[0]!, 'who', new (class Helper {})()),
        /Board\.nested\.list\[0\]\.who .*Helper/,
      ],
      [() => tracked.nested.inner.get('a')!.add(Buffer.alloc(1) as never), /it is a Buffer/],
      [() => tracked.points.set(new Map() as never, new Point(1, 1)), /cannot be a key/],
      [() => Reflect.set(tracked.nested, 'cold', Object.freeze({ m: new Map() })), /inside a frozen object/],
    ];
    for (const [change, sentence] of cases) {
      const act = (): void =>
        command(journal, tracked, () => {
          tracked.title = 'half done';
          change();
        });
      expect(act).to.throw(BowechoError, sentence).with.property('code', 'NOT_SERIALIZABLE');
      expect(digestState(tracked)).to.equal(digest);
    }
    command(journal, tracked, () => {
      tracked.points.set('f', (() => 0) as never);
      tracked.points.clear();
    });
  });

  it('refuses a class whose fields cannot be state, with all of them', () => {
    class Bad {
      go = (): number => 1;
      socket = new WeakMap();
      items = new Map([['x', { error: new Error('x') }]]);
    }
    const act = (): unknown => trackedInstance(Bad, new Journal());
    expect(act)
      .to.throw(/actor class Bad has 3 problems/)
      .with.property('code', 'ACTOR_INVALID');
    expect(act).to.throw(/Bad\.items\.get\("x"\)\.error cannot be state: it is an Error/);
    class Frozen {
      x = 1;
      constructor() {
        Object.freeze(this);
      }
    }
    expect(() => trackedInstance(Frozen, new Journal())).to.throw(/freezes the instance/);
  });

  it('leaves transient fields alone', () => {
    const { board: tracked, journal } = board();
    const digest = digestState(tracked);
    journal.begin(tracked);
    tracked.cache = new WeakMap();
    journal.rollback();
    expect(tracked.cache).to.be.instanceOf(WeakMap);
    expect(digestState(tracked)).to.equal(digest);
    expect(snapshotState(tracked)).not.to.have.property('cache');
  });

  it('lets only commands write', () => {
    const { board: tracked, journal } = board();
    command(journal, tracked, () => tracked.put('a', 1));
    const writes: readonly (() => unknown)[] = [
      () => (tracked.title = 'x'),
      () => tracked.points.set('b', new Point(1, 1)),
      () => tracked.points.delete('a'),
      () => tracked.points.delete('nobody'),
      () => tracked.points.clear(),
      () => tracked.nested.inner.get('a')!.add(1),
    ];
    for (const write of writes) {
      expect(write)
        .to.throw(/outside a command/)
        .with.property('code', 'READ_ONLY');
      journal.beginQuery(tracked);
      expect(write)
        .to.throw(/a query tried/)
        .with.property('code', 'READ_ONLY');
      journal.endQuery();
    }
  });

  it('finds a query that wrote through a reference, and undoes it', () => {
    const { board: tracked, journal } = board();
    command(journal, tracked, () => tracked.put('a', 1));
    const digest = digestState(tracked);
    for (const write of [
      () => (tracked.points.get('a')!.x = 5),
      () => tracked.nested.list.reverse().push({ deep: 4 }),
      () => tracked.at.setTime(1),
    ]) {
      journal.beginQuery(tracked);
      write();
      expect(() => journal.endQuery())
        .to.throw(/a query changed .* was undone/)
        .with.property('code', 'READ_ONLY');
      expect(digestState(tracked)).to.equal(digest);
    }
    journal.beginQuery(tracked);
    expect(tracked.points.get('a')!.x).to.equal(1);
    journal.endQuery();
  });

  it('without atomicity keeps what a throwing command changed', () => {
    const journal = new Journal();
    const plain = trackedInstance(Board, journal, { atomic: false });
    journal.begin(plain);
    plain.put('a', 1);
    journal.rollback();
    expect(plain.points.size).to.equal(1);
    expect(snapshotState(plain)).to.have.property('title', 'board');
  });

  it('undoes a class with private fields through its own snapshot', () => {
    class Vault {
      #sum = 0;
      add(by: number): number {
        return (this.#sum += by);
      }
      snapshot(): unknown {
        return { sum: this.#sum };
      }
      restore(snapshot: unknown): void {
        this.#sum = (snapshot as { sum: number }).sum;
      }
    }
    const journal = new Journal();
    const vault = trackedInstance(Vault, journal);
    journal.begin(vault);
    vault.add(5);
    journal.commit();
    journal.begin(vault);
    vault.add(7);
    journal.rollback();
    expect(snapshotState(vault)).to.deep.equal({ sum: 5 });
    const other = trackedInstance(Vault, journal);
    restoreState(other, snapshotState(vault));
    expect(digestState(other)).to.equal(digestState(vault));
    class Mute {
      #x = 1;
      read(): number {
        return this.#x;
      }
    }
    expect(() => trackedInstance(Mute, journal)).to.throw(/#x\) and not both snapshot/);
  });
});
