/**
 * Goal: a journaled Map or Set is a native one, and a rollback is as if the command had not been.
 *
 * Method: random commands of random operations run against an actor and against a model made of native collections
 * that is cloned when a command begins. After each command, committed or thrown, contents and order are compared.
 * Operations include deleting and inserting during iteration, and writing through references into nested values.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { Journal } from '../../src/state/journal.js';
import { trackedInstance } from '../../src/state/tracked-instance.js';
import { digestState } from '../../src/state/digest.js';

interface Item {
  n: number;
  tags: string[];
}

class Shelf {
  items = new Map<string | number, Item>();
  names = new Set<string>();
  groups = new Map<string, Map<string, number>>();
  count = 0;
  list: number[] = [];
}

type Operation =
  | {
      readonly kind:
        'put' | 'drop' | 'write' | 'tag' | 'name' | 'unname' | 'group' | 'ungroup' | 'count' | 'rename';
      readonly key: number;
    }
  | { readonly kind: 'clear' | 'clearNames' | 'iterate' | 'replace' | 'field'; readonly key: number };

const KINDS: readonly Operation['kind'][] = [
  ...([
    'put',
    'put',
    'drop',
    'write',
    'tag',
    'name',
    'unname',
    'group',
    'group',
    'ungroup',
    'count',
    'rename',
  ] as const),
  ...(['clear', 'clearNames', 'iterate', 'replace', 'field'] as const),
];

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(...KINDS),
  key: fc.integer({ min: 0, max: 6 }),
});

const commands = fc.array(
  fc.record({ operations: fc.array(operation, { maxLength: 12 }), throws: fc.boolean() }),
  {
    maxLength: 12,
  },
);

/** The same text for actor and model; what it returns is what iteration showed on the way. */
function apply(shelf: Shelf, { kind, key }: Operation): unknown[] {
  const id = key === 0 ? -0 : `k${key}`;
  const group = `g${key % 3}`;
  const seen: unknown[] = [];
  switch (kind) {
    case 'put':
      shelf.items.set(id, { n: key, tags: ['new'] });
      break;
    case 'drop':
      seen.push(shelf.items.delete(id));
      break;
    case 'write': {
      const item = shelf.items.get(id);
      if (item !== undefined) item.n += 10;
      break;
    }
    case 'tag':
      for (const item of shelf.items.values()) item.tags.push(`t${key}`);
      break;
    case 'name':
      shelf.names.add(`n${key}`);
      break;
    case 'unname':
      seen.push(shelf.names.delete(`n${key}`));
      break;
    case 'group': {
      const inner = shelf.groups.get(group) ?? new Map<string, number>();
      inner.set(`i${key}`, key);
      shelf.groups.set(group, inner);
      break;
    }
    case 'ungroup':
      if (key < 3) shelf.groups.delete(group);
      else shelf.groups.get(group)?.delete(`i${key}`);
      break;
    case 'count':
      shelf.count++;
      shelf.list.push(key);
      break;
    case 'rename': {
      const item = shelf.items.get(id);
      if (item === undefined) break;
      shelf.items.delete(id);
      shelf.items.set('moved', item);
      break;
    }
    case 'clear':
      shelf.items.clear();
      break;
    case 'clearNames':
      shelf.names.clear();
      break;
    case 'iterate': {
      let budget = 20;
      for (const [k, item] of shelf.items) {
        seen.push(k, item.n);
        if (budget-- === 0) break;
        if (item.n % 2 === 0) shelf.items.delete(k);
        if (budget === 18) shelf.items.set('late', { n: 3, tags: [] });
        if (budget === 17) {
          shelf.items.clear();
          shelf.items.set('after', { n: 1, tags: [] });
        }
      }
      shelf.names.forEach(name => {
        seen.push(name);
        if (name === 'n1') shelf.names.delete('n2');
      });
      break;
    }
    case 'replace':
      shelf.items = new Map([...shelf.items].reverse());
      break;
    case 'field':
      Reflect.set(shelf, `extra${key % 2}`, { since: key });
      break;
  }
  return seen;
}

/** Everything a handler could see of a shelf, in order. */
function view(shelf: Shelf): unknown {
  return structuredClone({
    keys: Object.keys(shelf),
    items: [...shelf.items.entries()],
    size: shelf.items.size,
    names: [...shelf.names],
    groups: [...shelf.groups].map(([name, inner]) => [name, [...inner], inner.size]),
    count: shelf.count,
    list: shelf.list,
    extra: [Reflect.get(shelf, 'extra0'), Reflect.get(shelf, 'extra1')],
  });
}

function play(history: readonly { operations: readonly Operation[]; throws: boolean }[]): void {
  const journal = new Journal();
  const shelf = trackedInstance(Shelf, journal);
  let model = new Shelf();
  for (const { operations, throws } of history) {
    const before = model;
    model = Object.assign(new Shelf(), structuredClone({ ...model }));
    const digest = digestState(shelf);
    journal.begin(shelf);
    for (const each of operations) expect(apply(shelf, each)).to.deep.equal(apply(model, each));
    if (throws) {
      journal.rollback();
      model = before;
      expect(digestState(shelf)).to.equal(digest);
    } else {
      journal.commit();
    }
    expect(view(shelf)).to.deep.equal(view(model));
  }
}

describe('journaled state', () => {
  it('equals native collections through commits and rollbacks', () => {
    fc.assert(fc.property(commands, play), { numRuns: 2_000 });
  });

  it('restores references that a handler held, not only equal content', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    journal.begin(shelf);
    shelf.items.set('a', { n: 1, tags: ['x'] });
    journal.commit();
    const item = shelf.items.get('a');
    const tags = item!.tags;
    journal.begin(shelf);
    const held = shelf.items.get('a')!;
    held.tags = [];
    tags.length = 0;
    Reflect.deleteProperty(held, 'n');
    held.n = 2;
    journal.rollback();
    expect(shelf.items.get('a')).to.equal(item);
    expect(shelf.items.get('a')!.tags).to.equal(tags);
    expect(Object.keys(shelf.items.get('a')!)).to.deep.equal(['n', 'tags']);
    expect(shelf.items.get('a')).to.deep.equal({ n: 1, tags: ['x'] });
  });

  it('lets a cursor go on where it was, whatever a command that was undone did to the entries', () => {
    const journal = new Journal();
    const shelf = trackedInstance(Shelf, journal);
    journal.begin(shelf);
    for (const name of ['a', 'b', 'c']) shelf.names.add(name);
    journal.commit();
    const cursor = shelf.names.values();
    expect(cursor.next().value).to.equal('a');
    for (const change of [
      () => shelf.names.clear(),
      () => shelf.names.delete('a'),
      () => shelf.names.add('d'),
    ]) {
      journal.begin(shelf);
      change();
      journal.rollback();
    }
    expect([...cursor]).to.deep.equal(['b', 'c']);
  });
});
