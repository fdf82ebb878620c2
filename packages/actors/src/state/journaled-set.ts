/**
 * JournaledSet is the Set that an actor's handlers see; what journaled-map.ts says of Maps holds for it.
 *
 * The set algebra of newer engines (`union`, `isSubsetOf`, ...) reads native slots, so those methods are forwarded to
 * a plain copy where the engine has them; they never change the set itself.
 */
import { ENTRIES, EntryList, type Place, type StateHome } from './entry-list.js';
import { keysOf, pairsOf } from './entry-iteration.js';

export class JournaledSet<T> extends Set<T> {
  readonly #entries: EntryList;

  constructor(home: StateHome, place: Place) {
    super();
    this.#entries = new EntryList(home, place);
  }

  get [ENTRIES](): EntryList {
    return this.#entries;
  }

  override get size(): number {
    return this.#entries.size;
  }

  override has(member: T): boolean {
    return this.#entries.has(member);
  }

  override add(member: T): this {
    if (!this.#entries.has(member)) this.#entries.set(member, undefined);
    else this.#entries.assertWritable();
    return this;
  }

  override delete(member: T): boolean {
    return this.#entries.delete(member);
  }

  override clear(): void {
    this.#entries.clear();
  }

  override forEach(visit: (member: T, again: T, set: Set<T>) => void, thisArg?: unknown): void {
    const cursor = this.#entries.cursor();
    for (let node = cursor.next(); node !== undefined; node = cursor.next()) {
      visit.call(thisArg, node.key as T, node.key as T, this);
    }
  }

  override keys(): SetIterator<T> {
    return keysOf<T>(this.#entries);
  }

  override values(): SetIterator<T> {
    return keysOf<T>(this.#entries);
  }

  override entries(): SetIterator<[T, T]> {
    return pairsOf<T>(this.#entries);
  }

  override [Symbol.iterator](): SetIterator<T> {
    return keysOf<T>(this.#entries);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Set<T> {
    return new Set(this);
  }
}

Object.defineProperty(JournaledSet.prototype, 'constructor', {
  value: Set,
  writable: true,
  configurable: true,
});

const ALGEBRA = [
  'union',
  'intersection',
  'difference',
  'symmetricDifference',
  'isSubsetOf',
  'isSupersetOf',
  'isDisjointFrom',
];

for (const name of ALGEBRA) {
  const native: unknown = Reflect.get(Set.prototype, name);
  if (typeof native !== 'function') continue;
  Object.defineProperty(JournaledSet.prototype, name, {
    value(this: Set<unknown>, other: unknown): unknown {
      return native.call(new Set(this), other);
    },
    writable: true,
    configurable: true,
  });
}
