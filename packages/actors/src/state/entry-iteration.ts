/**
 * The iterators of journaled collections: what `keys`, `values` and `entries` give back.
 *
 * One class with the reading of a node as its only difference. They inherit from the native iterator prototype, so
 * that `toString` tags and iterator helpers, where the engine has them, are there.
 */
import type { Cursor, EntryList, EntryNode } from './entry-list.js';

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

class EntryIterator<T> implements Iterator<T, undefined, unknown> {
  readonly #cursor: Cursor;
  readonly #read: (node: EntryNode) => T;

  constructor(entries: EntryList, read: (node: EntryNode) => T) {
    this.#cursor = entries.cursor();
    this.#read = read;
  }

  next(): IteratorResult<T, undefined> {
    const node = this.#cursor.next();
    return node === undefined ? { done: true, value: undefined } : { done: false, value: this.#read(node) };
  }
}

Object.setPrototypeOf(EntryIterator.prototype, IteratorPrototype);

const readKey = (node: EntryNode): unknown => node.key;
const readValue = (node: EntryNode): unknown => node.value;
const readEntry = (node: EntryNode): unknown => [node.key, node.value];
const readPair = (node: EntryNode): unknown => [node.key, node.key];

export function keysOf<K>(entries: EntryList): MapIterator<K> {
  return new EntryIterator(entries, readKey) as unknown as MapIterator<K>;
}

export function valuesOf<V>(entries: EntryList): MapIterator<V> {
  return new EntryIterator(entries, readValue) as unknown as MapIterator<V>;
}

export function entriesOf<K, V>(entries: EntryList): MapIterator<[K, V]> {
  return new EntryIterator(entries, readEntry) as unknown as MapIterator<[K, V]>;
}

export function pairsOf<T>(entries: EntryList): SetIterator<[T, T]> {
  return new EntryIterator(entries, readPair) as unknown as SetIterator<[T, T]>;
}
