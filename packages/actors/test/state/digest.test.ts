/**
 * Goal: any single difference changes a digest, and no difference in the order of keys does.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { copyData } from '../../src/codec/copy.js';
import { registerValue } from '../../src/codec/values.js';
import { digestOf, digestState } from '../../src/state/digest.js';
import { Journal } from '../../src/state/journal.js';
import { restoreState, snapshotState } from '../../src/state/snapshot.js';
import { trackedInstance } from '../../src/state/tracked-instance.js';

class Euro {
  constructor(readonly cents: unknown) {}
}
class Dollar {
  constructor(readonly cents: unknown) {}
}
registerValue(Euro, { name: 'test-euro' });
registerValue(Dollar, { name: 'test-dollar' });

const tree = fc.letrec(tie => ({
  leaf: fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  ),
  node: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('node'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie('node')), { maxLength: 4 }).map(entries => new Map(entries)),
    fc.uniqueArray(fc.integer(), { maxLength: 4 }).map(members => new Set(members)),
    tie('node').map(cents => new Euro(cents)),
  ),
})).node;

/** The same value with the entries of all Maps, Sets and objects in the opposite order. */
function turned(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(turned);
  if (value instanceof Map) return new Map([...value].reverse().map(([key, entry]) => [key, turned(entry)]));
  if (value instanceof Set) return new Set([...(value as Set<unknown>)].reverse());
  const fields = Object.entries(value).reverse();
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>;
  for (const [key, field] of fields) {
    Object.defineProperty(copy, key, {
      value: turned(field),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

/** Changes the leaf or container that `steps` lead to, in place; the result of the change is never the same value. */
function planted(value: unknown, steps: readonly number[]): unknown {
  if (typeof value !== 'object' || value === null) return [value];
  const [first = 0, ...rest] = steps;
  if (ArrayBuffer.isView(value)) return Uint8Array.of(...(value as Uint8Array), 1);
  if (Array.isArray(value)) {
    if (value.length === 0 || rest.length === 0) return [...(value as unknown[]), null];
    const at = first % value.length;
    return value.map((element, i) => (i === at ? planted(element, rest) : (element as unknown)));
  }
  if (value instanceof Set) return new Set([...(value as Set<unknown>), 'planted']);
  if (value instanceof Map) {
    if (value.size === 0 || rest.length === 0)
      return new Map([...(value as Map<unknown, unknown>), [{}, null]]);
    const at = first % value.size;
    return new Map(
      [...(value as Map<unknown, unknown>)].map(([k, v], i) => [k, i === at ? planted(v, rest) : v]),
    );
  }
  if (value instanceof Euro && rest.length === 0) return new Dollar(value.cents);
  const keys = Object.keys(value);
  const copy = copyData(value) as Record<string, unknown>;
  const key = keys[first % keys.length];
  if (key === undefined || key === '__proto__') return [value];
  if (rest.length === 0) Reflect.deleteProperty(copy, key);
  else copy[key] = planted(copy[key], rest);
  return copy;
}

describe('a digest', () => {
  it('does not depend on the order of keys and entries', () => {
    fc.assert(
      fc.property(tree, value => digestOf(turned(value)) === digestOf(value)),
      { numRuns: 3_000 },
    );
  });

  it('changes with any single difference', () => {
    const steps = fc.array(fc.nat(3), { maxLength: 4 });
    const differs = (value: unknown, path: number[]): boolean =>
      digestOf(planted(value, path)) !== digestOf(value);
    fc.assert(fc.property(tree, steps, differs), { numRuns: 5_000 });
  });

  it('tells apart what looks alike', () => {
    const alike: readonly unknown[] = [
      ...[0, -0, 0n, '0', false, null, undefined, NaN, [], {}, new Map(), new Set(), '', 'N', 'undefined'],
      ...[
        new Date(0),
        new Date(NaN),
        new Uint8Array(0),
        new Int8Array(0),
        new ArrayBuffer(0),
        new DataView(new ArrayBuffer(0)),
      ],
      ...[/a/, /a/g, [[]], [0], ['0'], ['', ''], ['a', 'bc'], ['ab', 'c'], [['a'], 'b'], [['a', 'b']]],
      ...[{ a: 1 }, new Euro(1), new Dollar(1), { cents: 1 }, new Map([['cents', 1]]), { a: undefined }],
      ...[
        new Set(['a']),
        new Map([['a', undefined]]),
        new Set([['a', undefined]]),
        new Float32Array(1),
        new Uint32Array(1),
      ],
    ];
    expect(new Set(alike.map(digestOf)).size).to.equal(alike.length);
  });

  it('is the same on every machine', () => {
    const golden = {
      text: 'héllo',
      n: 1.5,
      when: new Date(1_000),
      map: new Map<unknown, unknown>([[1, 2n]]),
      money: new Euro(3),
    };
    expect(digestOf(golden)).to.equal('458e3d9bf3b1d6a6');
  });

  it('survives a snapshot, and follows the state of an instance', () => {
    class Store {
      data: unknown = undefined;
    }
    fc.assert(
      fc.property(tree, value => {
        const journal = new Journal();
        const store = trackedInstance(Store, journal);
        journal.begin(store);
        store.data = copyData(value);
        journal.commit();
        const other = trackedInstance(Store, journal);
        restoreState(other, snapshotState(store));
        expect(digestState(other)).to.equal(digestState(store));
        expect(snapshotState(other)).to.deep.equal({ data: value });
        journal.begin(other);
        other.data = [other.data];
        journal.commit();
        expect(digestState(other)).not.to.equal(digestState(store));
      }),
      { numRuns: 1_000 },
    );
  });
});
