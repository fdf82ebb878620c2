/**
 * The journal remembers what a command changed, so that a throw can be undone and a commit can check what is new.
 *
 * One member has one journal. Commands are synchronous and run one at a time, so there is only ever one command to
 * remember. Undo records stand in parallel arrays: a target, what happened to it, and two operands. Rolling back
 * walks them from the end. Objects that a handler may change through a reference ("handed out") are copied shallowly,
 * object by object, and restored in place, so identity and nested references survive a rollback.
 *
 * The invariant: everything that `begin` finds is what `rollback` leaves, to the order of Map entries and of object
 * keys; and the cost of both, and of `commit`, follows what was touched, never how large the state is.
 *
 * Outside commands every write to tracked state throws READ_ONLY. Writes through plain references cannot be caught
 * when they happen; in development and tests a query's handed-out objects are compared when it ends.
 *
 * It knows nothing of Maps or fields: targets undo and check themselves.
 */
import { BowechoError, fail } from '@bowecho/core';
import { captureInto, isAsCaptured, restoreCaptured } from './capture.js';

/** Something whose changes can be taken back. Operations are small integers of the target's own. */
export interface Undoable {
  /** Takes back one change; records are taken back in the reverse order of their making. */
  undo(operation: number, first: unknown, second: unknown): void;
  /** Checks and adopts what one change brought in, and forgets its marks. May throw NOT_SERIALIZABLE. */
  settle(operation: number, first: unknown): void;
}

/** What the journal needs to know of an actor: what lies outside its journaled fields. */
export interface JournaledActor {
  /** A command begins. */
  begin(): void;
  /** Checks and adopts what appeared on the actor itself during the command. May throw NOT_SERIALIZABLE. */
  commit(): void;
  /** Takes away what appeared on the actor itself. False: it could not. */
  rollback(): boolean;
}

const IDLE = 0;
const COMMAND = 1;
const QUERY = 2;
const UNTRACKED = 3;
/** A command is being committed: what is read now is read by the checks, not by a handler. */
const COMMITTING = 4;

export interface JournalOptions {
  /** Whether queries are checked for writes through references; the default is yes unless NODE_ENV is production. */
  readonly checksQueries?: boolean;
}

/**
 * @example
 * journal.begin(actor);
 * try {
 *   result = copyResult(actor.deposit('ann', 5n));
 *   journal.commit();
 * } catch (error) {
 *   journal.rollback(); // does nothing if commit has already rolled back
 *   ...
 * }
 */
export class Journal {
  private mode = IDLE;
  private actor: JournaledActor | undefined;
  /** Whether the last undoing took everything back. */
  private isUndone = true;
  private readonly checksQueries: boolean;

  // One change is one index into these four. They keep their capacity from command to command.
  private readonly targets: (Undoable | undefined)[] = [];
  private readonly operations: number[] = [];
  private readonly firsts: unknown[] = [];
  private readonly seconds: unknown[] = [];
  private count = 0;

  // Objects handed out, and a shallow copy of each as it was.
  private readonly captured: object[] = [];
  private readonly copies: unknown[] = [];

  constructor(options: JournalOptions = {}) {
    this.checksQueries = options.checksQueries ?? process.env['NODE_ENV'] !== 'production';
  }

  /** Whether a handed-out object has to be copied: in commands, and in checked queries. */
  get isCapturing(): boolean {
    return this.mode === COMMAND || (this.mode === QUERY && this.checksQueries);
  }

  /** Whether a command is being committed: what its checks change must be recorded, for a later check may fail. */
  get isCommitting(): boolean {
    return this.mode === COMMITTING;
  }

  /** Starts a command on `actor`. Nothing else may be going on. */
  begin(actor: object): void {
    this.enter(COMMAND, actor);
    this.actor!.begin();
  }

  /**
   * Ends the command: what is new in the state is checked and adopted.
   *
   * @throws BowechoError NOT_SERIALIZABLE when the command left something in the state that cannot be state; the
   *   command has then been rolled back.
   */
  commit(): void {
    if (this.mode !== COMMAND) fail(`commit outside a command, in mode ${this.mode}`);
    this.mode = COMMITTING;
    try {
      // A check may append records; they are settled too.
      for (let i = 0; i < this.count; i++) this.targets[i]!.settle(this.operations[i]!, this.firsts[i]);
      // Last, because what this does cannot be undone.
      this.actor!.commit();
    } catch (error) {
      this.undo();
      throw error;
    }
    this.leave();
  }

  /**
   * Undoes the command if there is one that neither committed nor failed to.
   *
   * @returns whether everything was taken back, here or by a `commit` that failed just before. Three things prevent it, the
   *   same at every replica: a handler that froze what it had changed, one that detached or resized memory, and a
   *   `restore` that throws
   */
  rollback(): boolean {
    if (this.mode === COMMAND) this.undo();
    const { isUndone } = this;
    this.isUndone = true;
    return isUndone;
  }

  private undo(): void {
    for (let i = this.count - 1; i >= 0; i--) {
      this.targets[i]!.undo(this.operations[i]!, this.firsts[i], this.seconds[i]);
    }
    for (let i = this.captured.length - 1; i >= 0; i--) {
      if (!restoreCaptured(this.captured[i]!, this.copies[i])) this.isUndone = false;
    }
    if (!this.actor!.rollback()) this.isUndone = false;
    this.leave();
  }

  /** Starts a query on `actor`: every write throws READ_ONLY. */
  beginQuery(actor: object): void {
    this.enter(QUERY, actor);
  }

  /**
   * Ends the query, whether it returned or threw.
   *
   * @throws BowechoError READ_ONLY when the query wrote through a reference into the state (looked for unless in
   *   production). What it wrote has been undone.
   */
  endQuery(): void {
    if (this.mode !== QUERY) fail(`endQuery outside a query, in mode ${this.mode}`);
    let changed: object | undefined;
    let isUndone = true;
    for (let i = this.captured.length - 1; i >= 0; i--) {
      if (isAsCaptured(this.captured[i]!, this.copies[i])) continue;
      changed = this.captured[i]!;
      if (!restoreCaptured(changed, this.copies[i])) isUndone = false;
    }
    for (let i = this.count - 1; i >= 0; i--) {
      this.targets[i]!.undo(this.operations[i]!, this.firsts[i], this.seconds[i]);
    }
    this.leave();
    if (changed !== undefined) {
      const kind = (Object.getPrototypeOf(changed) as object).constructor.name;
      const what = kind === 'Object' ? 'an object' : `an instance of ${kind}`;
      const keys = Object.keys(changed).slice(0, 5).join(', ');
      throw new BowechoError(
        'READ_ONLY',
        `a query changed ${what} of the state (${keys}); the change ${isUndone ? 'was' : 'could not be'} undone. ` +
          'Copy it first, or use a command',
      );
    }
  }

  /** Runs `build` with writes allowed and not remembered: for making and restoring instances. */
  untracked<T>(build: () => T): T {
    const before = this.mode;
    if (before !== IDLE && before !== UNTRACKED)
      fail(`state is built outside handlers, not in mode ${before}`);
    this.mode = UNTRACKED;
    try {
      return build();
    } finally {
      this.mode = before;
    }
  }

  /**
   * Asks to change tracked state: true when the change must be recorded, false when it need not be.
   *
   * @throws BowechoError READ_ONLY in queries and outside handlers
   */
  mustRecord(): boolean {
    if (this.mode === COMMAND) return true;
    if (this.mode === UNTRACKED) return false;
    throw new BowechoError(
      'READ_ONLY',
      this.mode === QUERY
        ? 'a query tried to change the state; only commands may'
        : 'the state was changed outside a command; keep no references to it between commands',
    );
  }

  record(target: Undoable, operation: number, first: unknown, second: unknown): void {
    const i = this.count++;
    this.targets[i] = target;
    this.operations[i] = operation;
    this.firsts[i] = first;
    this.seconds[i] = second;
  }

  /** Copies what may change in `value` while it is handed out. False if nothing in it can. */
  capture(value: object): boolean {
    const before = this.captured.length;
    captureInto(value, this.captured, this.copies);
    return this.captured.length > before;
  }

  private enter(mode: number, actor: object): void {
    if (this.mode !== IDLE) fail(`a handler starts while another runs, in mode ${this.mode}`);
    this.actor = journaledActorOf(actor);
    this.mode = mode;
  }

  private leave(): void {
    this.mode = IDLE;
    this.actor = undefined;
    // Let go of what the records refer to, but keep the arrays' memory for the next command, unless it was a lot.
    if (this.count > KEPT_RECORDS) {
      this.targets.length = this.operations.length = this.firsts.length = this.seconds.length = 0;
    } else {
      for (let i = 0; i < this.count; i++) this.targets[i] = this.firsts[i] = this.seconds[i] = undefined;
    }
    this.count = 0;
    // Popping keeps the arrays' memory; setting their length would give it back each time.
    while (this.captured.pop() !== undefined) this.copies.pop();
  }
}

const KEPT_RECORDS = 1024;

/** Under this key an instance carries its record. Not enumerable, so a user never meets it. */
export const JOURNALED = Symbol('bowecho.journaled');

function journaledActorOf(actor: object): JournaledActor {
  const found = (actor as { readonly [JOURNALED]?: JournaledActor })[JOURNALED];
  if (found === undefined) fail(`an instance of ${actor.constructor.name} was not made by trackedInstance`);
  return found;
}
