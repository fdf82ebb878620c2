/**
 * Replica runs the handlers of one actor type at one member, for the shards of one replica set: it holds the instances
 * and applies calls to them in the order they are delivered.
 *
 * What happens here must be the same at every replica: which instance a call makes or ends, whether it throws, what it
 * returns. So arguments are decoded from the delivered bytes even at the caller's own member, a result is checked at
 * every replica though only one caller gets it, and nothing here looks at a clock.
 */
import { BowechoError, type ReplicaSet } from '@bowecho/core';
import type { SavedReplies } from '../calls/instance-replies.js';
import { errorOfThrow, type Outcome } from '../calls/outcome.js';
import { Replies, type OnceOnly, type RepliesHorizon } from '../calls/replies.js';
import { copyResult } from '../codec/copy.js';
import { enterHandler, leaveHandler, type HandlerFrame, type HandlerView, type Log } from '../ctx.js';
import type { ActorDefinition, MethodDefinition } from '../definition/actor-definition.js';
import type { DeterminismGuard } from '../determinism/determinism-guard.js';
import { digestOf, digestState } from '../state/digest.js';
import type { Journal } from '../state/journal.js';
import { restoreState, snapshotState } from '../state/snapshot.js';
import { trackedInstance } from '../state/tracked-instance.js';

type Handler = (this: object, ...args: unknown[]) => unknown;

/** When and where a call was ordered. */
export interface OrderedAt {
  readonly vid: number;
  readonly ordinal: number;
  /** Microseconds. */
  readonly time: number;
  /** Rank of the sender: in an unordered set, whose ordinal it is. */
  readonly sender: number;
}

/** All that is replicated of one key, as plain data. */
export interface InstanceSnapshot {
  /** The instance's state; undefined: there is no instance. */
  readonly instance: { readonly of: unknown } | undefined;
  /** What is remembered of commands with an idempotency key; undefined: nothing. */
  readonly replies: SavedReplies | undefined;
}

/** Where a replica is in the sequence of its set, apart from its instances: plain data, the same at every replica. */
export interface ReplicaMoment {
  /** Of the last command, or of the view after it. */
  readonly vid: number;
  readonly ordinal: number;
  /** Microseconds. */
  readonly time: number;
  readonly replies: RepliesHorizon;
}

/** Views come from no sender. */
const NOBODY = -1;

export class Replica {
  readonly definition: ActorDefinition;
  private readonly instances = new Map<string, object>();
  private readonly replies: Replies;
  private readonly handlers: readonly Handler[];
  /** Names what runs here, with the key, in ids and random numbers. */
  private readonly shardName: string;
  private readonly journal: Journal;
  private readonly guard: DeterminismGuard | undefined;
  private readonly frame: HandlerFrame;
  /**
   * What `onViewChange` runs in. It has another name: a command that makes an instance runs two handlers, of the same key
   * at the same ordinal, and their ids and random numbers must differ.
   */
  private readonly viewFrame: HandlerFrame;

  /**
   * @param set in any view: of which shards it is never changes
   * @param guard held by whoever makes the replica; without it handlers may use what differs between replicas
   */
  constructor(
    definition: ActorDefinition,
    set: ReplicaSet,
    journal: Journal,
    log: Log,
    view: HandlerView,
    guard?: DeterminismGuard,
  ) {
    this.definition = definition;
    this.journal = journal;
    this.replies = new Replies(definition.methods);
    this.guard = guard;
    const prototype = definition.Class.prototype as Record<string, Handler>;
    this.handlers = definition.methods.map(method => prototype[method.name]!);
    this.shardName = `${definition.name}/${set.shards[0]}`;
    this.frame = {
      key: '',
      shardName: this.shardName,
      vid: 0,
      ordinal: 0,
      timeMicros: 0,
      isQuery: false,
      log,
      view,
      destroyRequested: false,
      idCount: 0,
      random: undefined,
    };
    this.viewFrame = { ...this.frame };
  }

  /** Keys of the live instances, in the order of their making. */
  keys(): IterableIterator<string> {
    return this.instances.keys();
  }

  /** Keys of which there is anything: a live instance, or one that has ended and whose answers are remembered. */
  keptKeys(): ReadonlySet<string> {
    return new Set([...this.instances.keys(), ...this.replies.keys()]);
  }

  /**
   * Runs a delivered command.
   *
   * @param once of a command that is to run once: a repeat is answered as the first was, and does not run
   */
  command(
    key: string,
    method: MethodDefinition,
    args: readonly unknown[],
    at: OrderedAt,
    once?: OnceOnly,
  ): Outcome {
    if (once === undefined) return this.execute(key, method, args, at);
    const before = this.replies.find(key, method, once, at.time);
    if (before !== undefined) return before;
    const outcome = this.execute(key, method, args, at);
    this.replies.keep(key, method, once, at.time, outcome);
    return outcome;
  }

  private execute(key: string, method: MethodDefinition, args: readonly unknown[], at: OrderedAt): Outcome {
    this.place(at);
    const existing = this.instances.get(key);
    const { atomic } = this.definition;
    try {
      const actor = existing ?? this.create(key);
      this.journal.begin(actor);
      const result = this.run(actor, key, method, args, false);
      refusePromise(result, method.label);
      const value = copyResult(result);
      this.journal.commit();
      if (this.frame.destroyRequested) this.instances.delete(key);
      return { ok: true, value };
    } catch (thrown) {
      const wasUndone = this.journal.rollback();
      if (existing === undefined && atomic) this.instances.delete(key);
      else if (!wasUndone && atomic) this.logHalfUndone(key, method, thrown);
      return { ok: false, error: errorOfThrow(thrown, wasUndone ? 'no' : 'unknown') };
    }
  }

  private logHalfUndone(key: string, method: MethodDefinition, thrown: unknown): void {
    this.frame.log.error(
      { err: thrown, method: method.label, key },
      'a command threw and could not be undone: it froze what it had changed, or its restore() threw',
    );
  }

  /** Runs a query on what is delivered here. A key without an instance is answered by a fresh one that nobody keeps. */
  query(key: string, method: MethodDefinition, args: readonly unknown[]): Outcome {
    try {
      const actor = this.instances.get(key) ?? this.make();
      this.journal.beginQuery(actor);
      let value: unknown;
      try {
        const result = this.run(actor, key, method, args, true);
        refusePromise(result, method.label);
        value = copyResult(result);
      } finally {
        this.journal.endQuery();
      }
      return { ok: true, value };
    } catch (thrown) {
      return { ok: false, error: errorOfThrow(thrown, 'no') };
    }
  }

  /**
   * Tells every live instance of a new view, as a command of its own each.
   *
   * A throw is rolled back and logged: there is no caller, and every replica does the same.
   */
  viewChanged(view: HandlerView): void {
    this.frame.view = view;
    if (!this.definition.hasOnViewChange) return;
    this.place({ vid: view.id, ordinal: 0, time: this.frame.timeMicros, sender: NOBODY });
    for (const [key, actor] of [...this.instances]) this.tellView(key, actor);
  }

  /** Hex digest of all that there is of a key, what it remembers included; undefined if there is nothing. */
  digest(key: string): string | undefined {
    const actor = this.instances.get(key);
    const replies = this.replies.digest(key);
    const state = actor === undefined ? undefined : digestState(actor);
    return replies === undefined ? state : digestOf([state, replies]);
  }

  /** A plain copy of all that there is of a key; undefined if there is nothing. */
  snapshot(key: string): InstanceSnapshot | undefined {
    const actor = this.instances.get(key);
    const replies = this.replies.save(key);
    const instance = actor === undefined ? undefined : { of: snapshotState(actor) };
    return instance === undefined && replies === undefined ? undefined : { instance, replies };
  }

  /** Makes what there is of a key what a snapshot of it holds; undefined: nothing. */
  restore(key: string, snapshot: InstanceSnapshot | undefined): void {
    this.replies.restore(key, snapshot?.replies);
    if (snapshot?.instance === undefined) {
      this.instances.delete(key);
      return;
    }
    const actor = this.instances.get(key) ?? this.make();
    restoreState(actor, snapshot.instance.of);
    this.instances.set(key, actor);
  }

  get moment(): ReplicaMoment {
    const { vid, ordinal, timeMicros: time } = this.frame;
    return { vid, ordinal, time, replies: this.replies.horizon };
  }

  /** Goes to where another replica is that has had commands which this one did not get: they were not for its instances. */
  moveTo({ vid, ordinal, time, replies }: ReplicaMoment): void {
    const { frame } = this;
    frame.vid = vid;
    frame.ordinal = ordinal;
    frame.timeMicros = time;
    this.replies.moveTo(replies);
  }

  private place(at: OrderedAt): void {
    const { frame } = this;
    frame.vid = at.vid;
    frame.ordinal = at.ordinal;
    frame.timeMicros = at.time;
    if (this.definition.mode === 'unordered') frame.shardName = `${this.shardName}/${at.sender}`;
  }

  private run(
    actor: object,
    key: string,
    method: MethodDefinition,
    args: readonly unknown[],
    isQuery: boolean,
  ): unknown {
    this.frame.key = key;
    this.frame.isQuery = isQuery;
    enterHandler(this.frame);
    this.guard?.enter();
    try {
      return this.handlers[method.id]!.apply(actor, args as unknown[]);
    } finally {
      this.guard?.leave();
      leaveHandler();
    }
  }

  private make(): object {
    const { Class, name, atomic } = this.definition;
    this.guard?.enter();
    try {
      return trackedInstance(Class, this.journal, { name, atomic });
    } finally {
      this.guard?.leave();
    }
  }

  /** Makes the instance of a key and tells it the view that it is born into. */
  private create(key: string): object {
    const actor = this.make();
    this.instances.set(key, actor);
    if (this.definition.hasOnViewChange) this.tellView(key, actor);
    return actor;
  }

  private tellView(key: string, actor: object): void {
    const { vid, ordinal, timeMicros, view } = this.frame;
    const shardName = `${this.frame.shardName}/view`;
    const frame = Object.assign(this.viewFrame, { shardName, key, vid, ordinal, timeMicros, view });
    const listener = actor as { onViewChange(view: HandlerView): unknown };
    this.journal.begin(actor);
    enterHandler(frame);
    this.guard?.enter();
    try {
      refusePromise(listener.onViewChange(frame.view), `${this.definition.name}.onViewChange`);
      this.journal.commit();
    } catch (thrown) {
      this.journal.rollback();
      frame.log.error(
        { err: thrown, actor: this.definition.name, key },
        'onViewChange threw; it was rolled back',
      );
    } finally {
      this.guard?.leave();
      leaveHandler();
    }
  }
}

/** A promise is no result: its value would come at another time at each replica. */
function refusePromise(result: unknown, label: string): void {
  if (
    typeof result !== 'object' ||
    result === null ||
    !('then' in result) ||
    typeof result.then !== 'function'
  )
    return;
  // The promise is refused, not awaited; if it rejects later, that has been answered for by the error below.
  (result as PromiseLike<unknown>).then(undefined, () => undefined);
  throw new BowechoError(
    'ASYNC_HANDLER',
    `${label} returned a promise; commands and queries are synchronous`,
  );
}
