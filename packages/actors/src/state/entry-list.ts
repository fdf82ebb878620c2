/**
 * EntryList is the body of a journaled Map or Set: its entries in insertion order, each change of which can be undone.
 *
 * Entries are nodes of a doubly linked ring around a sentinel, and a native Map finds the node of a key. A native Map
 * alone could not do it: undoing a delete must put the entry back where it was, and a native Map only appends. A node
 * that is taken out keeps its two neighbours, and because changes are undone in reverse order, those are its
 * neighbours again when its turn comes: putting it back is O(1). `clear` swaps the ring and the index as a whole.
 *
 *        +-> sentinel <-> node <-> node <-> node <-+        node: key, value, previous, next, flags
 *        +-----------------------------------------+
 *
 * A cursor survives any change: from a removed node it goes back to the last one that still stands, and after a
 * `clear`, which gives the list a new generation, it starts again, as iteration over a native Map does.
 *
 * An entry's flags are 0 when something in it could be changed through a reference: handing it out then means
 * capturing it first. Every other flag says why that is not needed.
 */
import type { Journal, Undoable } from './journal.js';

/** The entry was captured in this command or query. */
const CAPTURED = 1;
/** The entry was made or overwritten in this command: the record of that is enough to undo all. */
const WRITTEN = 2;
/** Nothing in the entry can be changed through a reference. */
const IMMUNE = 4;
/** The entry was taken out of the ring; its neighbours are those that it had. */
const REMOVED = 8;

const INSERT = 0;
const SET = 1;
const DELETE = 2;
const CLEAR = 3;
const TOUCH = 4;
const SINK = 5;

export interface EntryNode {
  readonly key: unknown;
  value: unknown;
  previous: EntryNode;
  next: EntryNode;
  flags: number;
}

/** What a list shares with the other parts of its actor's state. */
export interface StateHome {
  readonly journal: Journal;
  /**
   * Checks that the value of `key` can be state, and gives it back with the Maps and Sets inside it journaled.
   *
   * @throws BowechoError NOT_SERIALIZABLE
   */
  adopt(value: unknown, place: Place, key: unknown): unknown;
  /**
   * Checks that `key` can be a key: data without Maps and Sets.
   *
   * @throws BowechoError NOT_SERIALIZABLE
   */
  checkKey(key: unknown, place: Place): void;
}

/** Where a list stands in the state. */
export interface Place {
  /** How many containers deep it is: 1 for a field of the actor. */
  readonly depth: number;
  /** For error sentences, for example `Bank.holds`. */
  readonly path: string;
}

interface Cleared {
  readonly sentinel: EntryNode;
  readonly index: Map<unknown, EntryNode>;
  readonly generation: number;
}

let generations = 0;

/** A journaled collection answers to this key with its list; it stands on the prototype, not on instances. */
export const ENTRIES = Symbol('bowecho.entries');

/** Whether a value is a journaled Map or Set. */
export function isJournaled(value: object): value is { readonly [ENTRIES]: EntryList } {
  return ENTRIES in value;
}

export class EntryList implements Undoable {
  private sentinel = makeSentinel();
  private index = new Map<unknown, EntryNode>();
  private generation = ++generations;

  constructor(
    private readonly home: StateHome,
    private place: Place,
  ) {}

  get size(): number {
    return this.index.size;
  }

  has(key: unknown): boolean {
    return this.index.has(key);
  }

  /** The value of a key, ready to be handed out. */
  get(key: unknown): unknown {
    const node = this.index.get(key);
    if (node === undefined) return undefined;
    if (node.flags === 0) this.touch(node);
    return node.value;
  }

  set(key: unknown, value: unknown): void {
    const records = this.home.journal.mustRecord();
    let node = this.index.get(key);
    if (node === undefined) {
      node = this.append(key, value);
      if (!records) return;
      node.flags = WRITTEN;
      this.home.journal.record(this, INSERT, node, undefined);
      return;
    }
    if (!records) {
      node.flags = 0;
    } else if ((node.flags & WRITTEN) === 0) {
      this.home.journal.record(this, SET, node, node.value);
      node.flags |= WRITTEN;
    }
    node.value = value;
  }

  /** @throws BowechoError READ_ONLY where a write would */
  assertWritable(): void {
    this.home.journal.mustRecord();
  }

  delete(key: unknown): boolean {
    const records = this.home.journal.mustRecord();
    const node = this.index.get(key);
    if (node === undefined) return false;
    this.takeOut(node);
    if (records) this.home.journal.record(this, DELETE, node, undefined);
    return true;
  }

  clear(): void {
    const records = this.home.journal.mustRecord();
    if (this.index.size === 0) return;
    if (records) {
      const cleared: Cleared = { sentinel: this.sentinel, index: this.index, generation: this.generation };
      this.home.journal.record(this, CLEAR, cleared, undefined);
    }
    this.sentinel = makeSentinel();
    this.index = new Map();
    this.generation = ++generations;
  }

  /** Appends an entry that is not there yet, without a record. */
  append(key: unknown, value: unknown): EntryNode {
    const { sentinel } = this;
    const last = sentinel.previous;
    // As in a native Map, the key -0 is kept as 0.
    const node = { key: key === 0 ? 0 : key, value, previous: last, next: sentinel, flags: 0 };
    last.next = node;
    sentinel.previous = node;
    this.index.set(key, node);
    return node;
  }

  /**
   * Says that the list now stands `depth` containers deep.
   *
   * @returns whether that is deeper than ever before, so that what is in it must be checked against the limit again
   */
  sinkTo(depth: number): boolean {
    if (depth <= this.place.depth) return false;
    if (this.home.journal.isCommitting) this.home.journal.record(this, SINK, undefined, this.place);
    this.place = { ...this.place, depth };
    return true;
  }

  cursor(): Cursor {
    return new Cursor(this);
  }

  /** The entry after `node` (the first, for undefined), ready to be handed out; undefined at the end. */
  after(node: EntryNode | undefined, generation: number): EntryNode | undefined {
    let from = node === undefined || generation !== this.generation ? this.sentinel : node;
    while ((from.flags & REMOVED) !== 0) from = from.previous;
    const { next } = from;
    if (next === this.sentinel) return undefined;
    if (next.flags === 0) this.touch(next);
    return next;
  }

  get currentGeneration(): number {
    return this.generation;
  }

  undo(operation: number, first: unknown, second: unknown): void {
    if (operation === CLEAR) {
      const cleared = first as Cleared;
      this.sentinel = cleared.sentinel;
      this.index = cleared.index;
      this.generation = cleared.generation;
      return;
    }
    if (operation === SINK) {
      this.place = second as Place;
      return;
    }
    const node = first as EntryNode;
    switch (operation) {
      case INSERT:
        this.takeOut(node);
        break;
      case SET:
        node.value = second;
        node.flags = 0;
        break;
      case DELETE:
        node.previous.next = node;
        node.next.previous = node;
        node.flags &= ~REMOVED;
        this.index.set(node.key, node);
        break;
      default:
        node.flags &= ~CAPTURED;
    }
  }

  settle(operation: number, first: unknown): void {
    if (operation === CLEAR || operation === DELETE || operation === SINK) return;
    const node = first as EntryNode;
    // Entries that are gone again need not be checked: they are not state.
    if (this.index.get(node.key) !== node) return;
    const { key, value } = node;
    const isPlainKey = typeof key !== 'object' || key === null;
    if (operation === INSERT || !isPlainKey) this.home.checkKey(key, this.place);
    const isScalar =
      typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null;
    if (!isScalar) node.value = this.home.adopt(value, this.place, key);
    node.flags = isPlainKey && (isScalar || typeof value === 'string') ? IMMUNE : 0;
  }

  /** Captures what could be changed in an entry, at most once per handler. */
  private touch(node: EntryNode): void {
    const { journal } = this.home;
    if (!journal.isCapturing) return;
    const { key, value } = node;
    let captures = typeof value === 'object' && value !== null && journal.capture(value);
    if (typeof key === 'object' && key !== null && journal.capture(key)) captures = true;
    if (!captures) {
      node.flags = IMMUNE;
      return;
    }
    node.flags = CAPTURED;
    journal.record(this, TOUCH, node, undefined);
  }

  private takeOut(node: EntryNode): void {
    node.previous.next = node.next;
    node.next.previous = node.previous;
    node.flags |= REMOVED;
    this.index.delete(node.key);
  }
}

/** Walks a list from its first entry to its last, while entries come and go. */
export class Cursor {
  private node: EntryNode | undefined = undefined;
  private generation: number;
  private isDone = false;

  constructor(private readonly list: EntryList) {
    this.generation = list.currentGeneration;
  }

  /** The next entry, or undefined at the end; once at the end it stays there, as native iterators do. */
  next(): EntryNode | undefined {
    if (this.isDone) return undefined;
    this.node = this.list.after(this.node, this.generation);
    this.generation = this.list.currentGeneration;
    if (this.node === undefined) this.isDone = true;
    return this.node;
  }
}

function makeSentinel(): EntryNode {
  const sentinel = { key: undefined, value: undefined, flags: IMMUNE } as EntryNode;
  sentinel.previous = sentinel.next = sentinel;
  return sentinel;
}
