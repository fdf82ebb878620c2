/**
 * JournaledMap is the Map that an actor's handlers see: a Map in every method, whose changes a throw undoes.
 *
 * Where a field of an actor, or a value inside it, is a plain Map, the state mechanism puts one of these in its place
 * at the end of the command. Everything a handler can do with a Map works the same, in the same order, including
 * changes during iteration. What may be changed through a reference is captured before it is handed out.
 *
 * It extends Map so that `instanceof` holds, and names Map as its constructor, so that serializers and assertion
 * libraries take it for what it behaves like. The native slots of the instance stay empty: what reads those directly
 * (`structuredClone`, a debugger) sees an empty Map; `new Map(journaled)` copies it properly.
 */
import { ENTRIES, EntryList, type Place, type StateHome } from './entry-list.js';
import { entriesOf, keysOf, valuesOf } from './entry-iteration.js';

export class JournaledMap<K, V> extends Map<K, V> {
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

  override has(key: K): boolean {
    return this.#entries.has(key);
  }

  override get(key: K): V | undefined {
    return this.#entries.get(key) as V | undefined;
  }

  override set(key: K, value: V): this {
    this.#entries.set(key, value);
    return this;
  }

  override delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  override clear(): void {
    this.#entries.clear();
  }

  override forEach(visit: (value: V, key: K, map: Map<K, V>) => void, thisArg?: unknown): void {
    const cursor = this.#entries.cursor();
    for (let node = cursor.next(); node !== undefined; node = cursor.next()) {
      visit.call(thisArg, node.value as V, node.key as K, this);
    }
  }

  override keys(): MapIterator<K> {
    return keysOf<K>(this.#entries);
  }

  override values(): MapIterator<V> {
    return valuesOf<V>(this.#entries);
  }

  override entries(): MapIterator<[K, V]> {
    return entriesOf<K, V>(this.#entries);
  }

  override [Symbol.iterator](): MapIterator<[K, V]> {
    return entriesOf<K, V>(this.#entries);
  }

  /** Not yet in every supported Node; here so that a newer one does not reach past the journal. */
  getOrInsert(key: K, value: V): V {
    if (!this.has(key)) this.set(key, value);
    return this.get(key) as V;
  }

  getOrInsertComputed(key: K, compute: (key: K) => V): V {
    if (!this.has(key)) this.set(key, compute(key));
    return this.get(key) as V;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): Map<K, V> {
    return new Map(this);
  }
}

Object.defineProperty(JournaledMap.prototype, 'constructor', {
  value: Map,
  writable: true,
  configurable: true,
});
