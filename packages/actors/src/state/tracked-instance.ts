/**
 * trackedInstance makes the live instance of a user's class: a plain object to its methods, journaled underneath.
 *
 * The class is constructed as ever, without arguments. Then each own field is turned into an accessor pair on the
 * instance itself, and its value moves into a slot: reading a slot captures what may be changed through the
 * reference, writing one records the old value. `Object.keys(this)`, spreading and arrow functions that captured
 * `this` work as before. Maps and Sets become journaled ones. A field that a later command assigns for the first time
 * is found when the command commits, and taken away again when it throws.
 *
 * Fields named in `static transient` are left alone: they are not state, not checked and not rolled back.
 *
 * Two kinds of instance are not tracked. With `atomic: false` there is no undo at all. And a class with `#private`
 * fields, which nothing outside it can see, is rolled back through its own `snapshot` and `restore`, at the cost of a
 * snapshot per command.
 */
import { BowechoError, fail, problemsError } from '@bowecho/core';
import { copyData } from '../codec/copy.js';
import { privateNamesOf, type AnyClass } from '../codec/values.js';
import { Adopter } from './adopt.js';
import { JOURNALED, type Journal, type JournaledActor, type Undoable } from './journal.js';

export interface TrackedOptions {
  /** What paths in errors start with; the default is the name of the class. */
  readonly name?: string;
  /** False for no undo: a throw leaves what was changed. The default is true. */
  readonly atomic?: boolean;
}

/** A class that writes and reads its own state. */
export interface Snapshotting {
  snapshot(): unknown;
  restore(snapshot: unknown): void;
}

/** How the state of one instance is read and written as a whole: for digests and snapshots. */
export interface ActorState extends JournaledActor {
  readonly actor: object;
  /** Field names and values, without those that hold undefined. Journaled collections are given as they are. */
  fields(): [name: string, value: unknown][];
  /** Replaces all fields; fields that are not in `fields` become undefined. */
  assign(fields: Readonly<Record<string, unknown>>): void;
  /** Runs the class's own `restore`; what it writes becomes state, or nothing does. */
  restore(write: () => void): void;
}

/**
 * Makes a live instance of an actor class.
 *
 * @throws BowechoError ACTOR_INVALID with all fields that cannot be state, or if the class cannot be constructed so.
 * @example
 * const journal = new Journal();
 * const bank = trackedInstance(Bank, journal);
 * journal.begin(bank); bank.deposit('ann', 5n); journal.rollback(); // as if nothing had happened
 */
export function trackedInstance<T extends object>(
  Class: new () => T,
  journal: Journal,
  options: TrackedOptions = {},
): T {
  const name = options.name ?? Class.name;
  const actor = new Class();
  const transient = transientFieldsOf(Class);
  let state: ActorState;
  if (options.atomic === false) state = new UntrackedState(actor, transient);
  else if (privateNamesOf(Class).length > 0) state = new SnapshottingState(actor, transient, name);
  else state = new TrackedState(actor, transient, name, journal);
  Object.defineProperty(actor, JOURNALED, { value: state });
  return actor;
}

/** The state of an instance that `trackedInstance` made. */
export function actorStateOf(actor: object): ActorState {
  const state = (actor as { readonly [JOURNALED]?: ActorState })[JOURNALED];
  if (state === undefined) fail(`an instance of ${actor.constructor.name} was not made by trackedInstance`);
  return state;
}

/** Whether the actor writes and reads its own state. */
export function isSnapshotting(actor: object): actor is Snapshotting {
  return (
    'snapshot' in actor &&
    typeof actor.snapshot === 'function' &&
    'restore' in actor &&
    typeof actor.restore === 'function'
  );
}

/** The field was captured in this command or query. */
const CAPTURED = 1;
/** The field was overwritten in this command. */
const WRITTEN = 2;
/** Nothing in the field can be changed through a reference, or it journals itself. */
const IMMUNE = 4;

const SET = 0;
const TOUCH = 1;

/** One for all instances of a journal: there may be millions of them. */
const adopters = new WeakMap<Journal, Adopter>();

function adopterOf(journal: Journal): Adopter {
  let adopter = adopters.get(journal);
  if (adopter === undefined) adopters.set(journal, (adopter = new Adopter(journal)));
  return adopter;
}

class TrackedState implements ActorState, Undoable {
  private readonly names: string[] = [];
  private readonly slots: unknown[] = [];
  private readonly flags: number[] = [];
  private readonly adopter: Adopter;

  constructor(
    readonly actor: object,
    private readonly transient: ReadonlySet<string>,
    private readonly name: string,
    private readonly journal: Journal,
  ) {
    this.adopter = adopterOf(journal);
    this.takeOverFields();
  }

  read(index: number): unknown {
    if (this.flags[index] === 0) this.touch(index);
    return this.slots[index];
  }

  write(index: number, value: unknown): void {
    if (!this.journal.mustRecord()) {
      this.slots[index] = this.adopter.adoptField(value, this.pathOf(index));
      this.flags[index] = 0;
      return;
    }
    const flags = this.flags[index]!;
    if ((flags & WRITTEN) === 0) {
      this.journal.record(this, SET, index, this.slots[index]);
      this.flags[index] = flags | WRITTEN;
    }
    this.slots[index] = value;
  }

  undo(operation: number, first: unknown, second: unknown): void {
    const index = first as number;
    if (operation === SET) this.slots[index] = second;
    this.flags[index] = 0;
  }

  settle(_operation: number, first: unknown): void {
    const index = first as number;
    const value = this.slots[index];
    if (typeof value !== 'number') this.slots[index] = this.adopter.adoptField(value, this.pathOf(index));
    this.flags[index] = 0;
  }

  begin(): void {
    // The journal records what happens; nothing has to be done ahead of it.
  }

  commit(): void {
    const found = this.newFields();
    if (found === undefined) return;
    const fields = this.actor as Record<string, unknown>;
    const adopted = found.map(name => this.adopter.adoptField(fields[name], `${this.name}.${name}`));
    found.forEach((name, i) => this.define(name, adopted[i]));
  }

  rollback(): boolean {
    const fresh = this.newFields() ?? [];
    return fresh.every(name => Reflect.deleteProperty(this.actor, name));
  }

  fields(): [name: string, value: unknown][] {
    const fields: [string, unknown][] = [];
    for (let i = 0; i < this.names.length; i++) {
      if (this.slots[i] !== undefined) fields.push([this.names[i]!, this.slots[i]]);
    }
    return fields;
  }

  assign(fields: Readonly<Record<string, unknown>>): void {
    this.journal.untracked(() => {
      this.slots.fill(undefined);
      for (const [name, value] of Object.entries(fields)) {
        const index = this.names.indexOf(name);
        if (index >= 0) this.write(index, value);
        else this.define(name, this.adopter.adoptField(value, `${this.name}.${name}`));
      }
      this.flags.fill(0);
    });
  }

  /** As a command, so that Maps that it puts into the state are journaled. */
  restore(write: () => void): void {
    this.journal.begin(this.actor);
    try {
      write();
      this.journal.commit();
    } catch (error) {
      this.journal.rollback();
      throw error;
    }
  }

  private touch(index: number): void {
    if (!this.journal.isCapturing) return;
    const value = this.slots[index];
    if (typeof value !== 'object' || value === null || !this.journal.capture(value)) {
      this.flags[index] = IMMUNE;
      return;
    }
    this.flags[index] = CAPTURED;
    this.journal.record(this, TOUCH, index, undefined);
  }

  private takeOverFields(): void {
    const { actor } = this;
    const problems = problemsOfShape(actor);
    const values = new Map<string, unknown>();
    for (const name of Object.keys(actor)) {
      if (this.transient.has(name)) continue;
      const value = (actor as Record<string, unknown>)[name];
      try {
        values.set(name, this.adopter.adoptField(value, `${this.name}.${name}`));
      } catch (error) {
        if (!(error instanceof BowechoError)) throw error;
        problems.push(error.message);
      }
    }
    if (problems.length > 0) throw problemsError('ACTOR_INVALID', `actor class ${this.name}`, problems);
    // Deleted from the last to the first, so that the engine keeps the fast layout of the object.
    for (const name of [...values.keys()].reverse()) Reflect.deleteProperty(actor, name);
    for (const [name, value] of values) this.define(name, value);
  }

  /** Puts a field under the journal. Not configurable, so that `delete this.field` throws instead of doing nothing. */
  private define(name: string, value: unknown): void {
    const index = this.names.length;
    this.names.push(name);
    this.slots.push(value);
    this.flags.push(0);
    Reflect.deleteProperty(this.actor, name);
    Object.defineProperty(this.actor, name, accessorOf(index));
  }

  /** The names of own fields that appeared since the last look; undefined if there are none. */
  private newFields(): string[] | undefined {
    const names = Object.keys(this.actor);
    // As many fields as before, and none can be deleted: no need to look at each.
    if (this.transient.size === 0 && names.length === this.names.length) return undefined;
    let found: string[] | undefined;
    for (const name of names) {
      if (!this.names.includes(name) && !this.transient.has(name)) (found ??= []).push(name);
    }
    return found;
  }

  private pathOf(index: number): string {
    return `${this.name}.${this.names[index]}`;
  }
}

interface Tracked {
  readonly [JOURNALED]: TrackedState;
}

/** One accessor pair per slot number, shared by all instances of all classes, so that instances share a layout. */
const accessors: PropertyDescriptor[] = [];

function accessorOf(index: number): PropertyDescriptor {
  return (accessors[index] ??= {
    get(this: Tracked): unknown {
      return this[JOURNALED].read(index);
    },
    set(this: Tracked, value: unknown): void {
      this[JOURNALED].write(index, value);
    },
    enumerable: true,
    configurable: false,
  });
}

/** An instance without undo: its fields are what they are. */
class UntrackedState implements ActorState {
  constructor(
    readonly actor: object,
    private readonly transient: ReadonlySet<string>,
  ) {}

  begin(): void {
    // Nothing is remembered; that is what `atomic: false` asks for.
  }

  commit(): void {
    // What cannot be state is found when a digest or a snapshot is taken.
  }

  rollback(): boolean {
    return false; // what was changed stays, at every replica alike
  }

  fields(): [name: string, value: unknown][] {
    return Object.entries(this.actor).filter(
      ([name, value]) => !this.transient.has(name) && value !== undefined,
    );
  }

  assign(fields: Readonly<Record<string, unknown>>): void {
    for (const name of Object.keys(this.actor)) {
      if (!this.transient.has(name) && !(name in fields)) Reflect.set(this.actor, name, undefined);
    }
    for (const [name, value] of Object.entries(fields)) Reflect.set(this.actor, name, value);
  }

  restore(write: () => void): void {
    write();
  }
}

/** An instance with `#private` fields: undone through its own snapshot. */
class SnapshottingState extends UntrackedState {
  private before: { readonly snapshot: unknown } | undefined;
  private readonly source: Snapshotting;

  constructor(actor: object, transient: ReadonlySet<string>, name: string) {
    super(actor, transient);
    if (!isSnapshotting(actor)) {
      const names = privateNamesOf(actor.constructor as AnyClass).join(', ');
      throw problemsError('ACTOR_INVALID', `actor class ${name}`, [
        `it has private names (${names}) and not both snapshot() and restore(snapshot); nothing else can see them`,
      ]);
    }
    this.source = actor;
  }

  override begin(): void {
    this.before = undefined;
    this.before = { snapshot: copyData(this.source.snapshot()) };
  }

  override commit(): void {
    this.before = undefined;
  }

  override rollback(): boolean {
    const { before } = this;
    this.before = undefined;
    if (before === undefined) return true; // its `snapshot` threw, so no handler ran
    try {
      this.source.restore(before.snapshot);
      return true;
    } catch {
      return false; // the handler's own throw is what the caller hears of
    }
  }
}

function problemsOfShape(actor: object): string[] {
  const problems: string[] = [];
  if (!Object.isExtensible(actor))
    problems.push('its constructor freezes the instance, so that nothing could change');
  for (const key of Reflect.ownKeys(actor)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(actor, key);
    if (typeof key === 'symbol') problems.push(`it has the symbol field ${String(key)}; fields need names`);
    else if (descriptor?.value === undefined && descriptor?.get !== undefined) {
      problems.push(`its field ${key} is an own accessor; declare it in the class`);
    } else if (descriptor?.enumerable === false)
      problems.push(`its field ${key} is not enumerable, and would be lost`);
    else if (descriptor?.configurable === false) problems.push(`its field ${key} is not configurable`);
  }
  return problems;
}

function transientFieldsOf(Class: object): ReadonlySet<string> {
  const names: unknown = Reflect.get(Class, 'transient');
  if (names === undefined) return NO_FIELDS;
  if (!Array.isArray(names) || names.some(name => typeof name !== 'string')) {
    throw problemsError('ACTOR_INVALID', 'an actor class', [`static transient is not a list of field names`]);
  }
  return new Set(names as string[]);
}

const NO_FIELDS: ReadonlySet<string> = new Set();
