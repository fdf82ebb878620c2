/**
 * A Cluster is this process's member of a group of replicated actors: it meets the other founders, runs the member, and
 * hands out references to actors.
 */
import { EventEmitter } from 'node:events';
import { randomInt } from 'node:crypto';
import {
  BowechoError,
  rankOf,
  type ControlMessage,
  type Fabric,
  type MemberIdentity,
  type StateChange,
  type View,
} from '@bowecho/core';
import { resolveConfig, type ClusterConfig, type ResolvedConfig } from './config/index.js';
import type { HandlerView, Log } from './ctx.js';
import { canonicalKey, type ActorKey } from './definition/actor-key.js';
import type { ActorClass } from './definition/actor-class.js';
import { definitionOf, type ActorDefinition } from './definition/actor-definition.js';
import { refClassOf, type CallFace, type CallPort, type CallRequest } from './definition/ref-class.js';
import type { Ref } from './definition/ref.js';
import { EarlyCalls } from './calls/early-calls.js';
import { ActorNode, type NodeEvents } from './host/actor-node.js';
import { digestOfReplicas } from './host/replica-digest.js';
import { Founding, type FounderHello } from './host/founding.js';
import { guardedLog } from './host/guarded-log.js';
import { RunLoop, microsecondsNow } from './host/run-loop.js';
import { processHub, type HubMessage, type InProcessHub } from './in-process/in-process-hub.js';

/** What a cluster tells who listens. */
export interface ClusterEvents {
  /** A view was installed here. */
  view: [view: HandlerView];
  /** This member refuses work from now on. */
  halted: [reason: string];
  /** The membership machine took a step. */
  state: [change: StateChange];
  /** A call by `$tell` failed. */
  deadLetter: [error: Error];
}

/** Identity of a process is its id and a number that no earlier process of that id had. */
const INCARNATION_LIMIT = 2 ** 47;
/** How long `close` waits for what was sent to be delivered, milliseconds. */
const CLOSE_WAIT_MS = 5_000;

/**
 * Starts this process's member. Resolves once it listens; `whenReady()` resolves once the group runs. Calls made in
 * between wait for that, or for their own timeout or signal.
 *
 * A cluster keeps the process alive while it waits for founders and while calls are unanswered. An idle one on the
 * `in-process` fabric does not: nothing outside the process could reach it. `close()` it, or declare it with
 * `await using`.
 *
 * @throws BowechoError `CONFIG_INVALID`, `ACTOR_INVALID`, `METADATA_MISSING`, `ADDRESS_IN_USE`
 * @example
 * await using cluster = await createCluster({ id: 'n1', seeds: ['n1'], fabric: 'in-process', actors: [Counter] });
 * const visits = cluster.get(Counter, 'visits');
 * await visits.add(1);
 */
export function createCluster(config: ClusterConfig): Promise<Cluster> {
  return new Promise(resolve => resolve(new Cluster(resolveConfig(config), processHub)));
}

export class Cluster implements CallPort {
  readonly id: string;
  private readonly config: ResolvedConfig;
  private readonly hub: InProcessHub;
  private readonly fabric: Fabric;
  private readonly emitter = new EventEmitter();
  private readonly log: Log;
  private readonly earlyCalls = new EarlyCalls(() => this.node!.calls);
  private readonly founding: Founding;
  private readonly me: FounderHello;
  private readonly ready: Promise<void>;
  private settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private bootstrapTimer: NodeJS.Timeout | undefined;
  private node: ActorNode | undefined;
  private loop: RunLoop | undefined;
  /** Control messages of members that were faster than I am. */
  private early: ControlMessage[] = [];
  private haltReason: string | undefined;
  private closing: Promise<void> | undefined;
  private onEnded: (() => void) | undefined;
  private isReady = false;
  private isClosing = false;
  private isReleased = false;

  /** Use `createCluster`. */
  constructor(config: ResolvedConfig, hub: InProcessHub) {
    this.id = config.id;
    this.config = config;
    this.hub = hub;
    this.log = guardedLog(config.log);
    this.me = {
      kind: 'hello',
      identity: { id: config.id, incarnation: randomInt(1, INCARNATION_LIMIT) },
      listen: config.listen,
      seeds: config.seeds,
      fingerprints: new Map(config.actors.map(definition => [definition.name, definition.fingerprint])),
      wantsAnswer: true,
    };
    this.founding = new Founding(this.me, config.actors);
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    // Whoever asks for it hears of a failure by whenReady(); one that nobody asks for must not end the process.
    this.ready.catch(() => undefined);
    hub.listen(config.listen, message => this.receive(message));
    this.fabric = hub.network.createFabric();
    this.bootstrapTimer = setTimeout(() => this.founderIsMissing(), config.bootstrapTimeout);
    for (const seed of config.seeds) if (seed !== config.listen) hub.send(seed, this.me);
    try {
      this.maybeStart();
    } catch (error) {
      this.failToStart(error);
    }
  }

  /** Resolves when the group runs; rejects if it cannot, and says for whom or what it waited. */
  whenReady(): Promise<void> {
    return this.ready;
  }

  /** The present view; undefined before the first one. */
  get view(): HandlerView | undefined {
    return this.isReady ? this.node?.view : undefined;
  }

  /** What this member waits for, and on whom; empty when it waits for nothing. */
  get waitingFor(): readonly string[] {
    if (this.haltReason !== undefined) return [];
    return this.node?.member.waitingFor() ?? this.founding.missing.map(seed => `the founder at ${seed}`);
  }

  /** Calls made here and not yet answered. */
  get pendingCalls(): number {
    return this.earlyCalls.count + (this.node?.calls.pendingCount ?? 0);
  }

  /**
   * A reference to the actor of that class and key. It always exists; its instance is made by the first command.
   *
   * @throws BowechoError `ACTOR_UNKNOWN` if the class is not among the cluster's actors, `ARGUMENT_INVALID` for a bad key
   */
  get<T extends object>(actor: ActorClass<T>, key: ActorKey): Ref<T> {
    const definition = this.definitionOf(actor);
    return new (refClassOf(definition))(this, canonicalKey(key)) as unknown as Ref<T>;
  }

  /** Keys of the live instances of a class whose shards have a replica here. */
  keys(actor: ActorClass): string[] {
    const definition = this.definitionOf(actor);
    return (this.node?.replicasOf(definition) ?? []).flatMap(replica => [...replica.keys()]).sort();
  }

  /** Hex digest of all instances of a class that have a replica here: equal at equal state. */
  digest(actor: ActorClass): string {
    return digestOfReplicas(this.node?.replicasOf(this.definitionOf(actor)) ?? []);
  }

  /**
   * Hears of views, halts, state changes and dead letters. A listener that throws harms neither the member nor the other
   * listeners; its error is logged.
   */
  on<E extends keyof ClusterEvents>(event: E, listener: (...args: ClusterEvents[E]) => void): this {
    this.emitter.on(event, listener);
    return this;
  }

  /** Stops hearing. */
  off<E extends keyof ClusterEvents>(event: E, listener: (...args: ClusterEvents[E]) => void): this {
    this.emitter.off(event, listener);
    return this;
  }

  /** References call this; use `get`. */
  invoke(request: CallRequest): Promise<unknown> | void {
    if (this.haltReason !== undefined) return this.refuse(request.face);
    if (this.isReady) return this.node!.calls.invoke(request);
    const call = this.earlyCalls.hold(request);
    if (request.face !== 'tell') return call;
    call.catch((error: Error) => this.deadLetter(error));
  }

  /** Has what was sent delivered, leaves the group, and lets go of everything. Calling it again waits for the same. */
  close(): Promise<void> {
    this.isClosing = true;
    this.closing ??= this.leave();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private definitionOf(actor: ActorClass): ActorDefinition {
    const definition = definitionOf(actor);
    if (!this.config.actors.includes(definition)) {
      throw new BowechoError(
        'ACTOR_UNKNOWN',
        `actor '${definition.name}' is not among this cluster's actors: ${this.config.actors.map(each => each.name).join(', ')}`,
        { didExecute: 'no' },
      );
    }
    return definition;
  }

  private refuse(face: CallFace): Promise<never> | void {
    const error = this.endError(`refuses work: ${this.haltReason}`);
    if (face !== 'tell') return Promise.reject(error);
    this.deadLetter(error);
  }

  /** Why there is no group here any more; work that meets it was not begun. */
  private endError(what: string): BowechoError {
    const code = this.isClosing ? 'CLOSED' : 'HALTED';
    return new BowechoError(code, `member '${this.id}' ${what}`, { didExecute: 'no' });
  }

  private deadLetter(error: Error): void {
    this.log.warn({ member: this.id, err: error }, 'a call without an answer failed');
    this.tell('deadLetter', error);
  }

  /** Tells the listeners. They run in the middle of a turn, so their mistakes must not escape into it. */
  private tell<E extends keyof ClusterEvents>(event: E, ...args: ClusterEvents[E]): void {
    for (const listener of this.emitter.listeners(event)) {
      try {
        Reflect.apply(listener, this, args);
      } catch (err) {
        this.log.error({ member: this.id, event, err }, `a listener of '${event}' threw`);
      }
    }
  }

  private receive(message: HubMessage): void {
    if (message.kind !== 'hello') {
      if (this.node === undefined) this.early.push(message);
      else this.hand(this.node, message);
      return;
    }
    // Who is in a group without that process, running or ended, is no founder of its group: without an answer it waits for
    // my successor at this address.
    if (this.node !== undefined && !isMember(this.node.member.view, message.identity)) return;
    if (message.wantsAnswer) this.hub.send(message.listen, { ...this.me, wantsAnswer: false });
    if (this.node !== undefined) return;
    try {
      this.founding.hear(message);
      this.maybeStart();
    } catch (error) {
      this.failToStart(error);
    }
  }

  /** Gives the member what other members of its view say. An earlier group at the same addresses may still be heard. */
  private hand({ member }: ActorNode, message: ControlMessage): void {
    if (message.vid !== member.view.vid || !isMember(member.view, message.from)) {
      this.log.debug({ member: this.id, from: message.from, vid: message.vid }, 'a message of another view');
      return;
    }
    member.receiveControl(message);
    this.loop!.wake();
  }

  private maybeStart(): void {
    if (this.founding.isComplete) this.run(this.founding.view());
  }

  private run(view: View): void {
    const { config, fabric } = this;
    this.node = new ActorNode({
      view,
      myRank: rankOf(view, this.id),
      definitions: config.actors,
      fabric,
      control: {
        send: (to, message) => this.hub.send(this.founding.addressOf(to.id), message),
      },
      ringBytes: config.ringBytes,
      queueBytes: config.queueBytes,
      callTimeout: config.callTimeout,
      log: this.log,
      events: this.nodeEvents(),
      now: microsecondsNow,
      wake: () => this.loop!.wake(),
    });
    this.loop = new RunLoop(this.node, fabric, error =>
      this.halt(`an error escaped a turn: ${String(error)}`),
    );
    this.node.member.start();
    for (const message of this.early.splice(0)) this.hand(this.node, message);
    this.loop.wake();
  }

  private nodeEvents(): NodeEvents {
    return {
      onViewInstalled: view => {
        this.isReady = true;
        clearTimeout(this.bootstrapTimer);
        this.earlyCalls.makeAll(); // before anybody who hears of the view can call
        this.settleReady?.resolve();
        this.tell('view', view);
      },
      onViewEnded: reason => this.halt(reason),
      onStateChanged: change => {
        this.log.debug({ member: this.id, ...change }, 'membership');
        this.tell('state', change);
      },
      onHalted: error => {
        this.log.error({ member: this.id, err: error }, 'this member halted');
        this.halt(String(error));
      },
      onDeadLetter: error => this.deadLetter(error),
    };
  }

  private founderIsMissing(): void {
    const waiting = this.waitingFor.join(', ');
    const sentence = `after ${this.config.bootstrapTimeout} ms member '${this.id}' still waits for: ${waiting}`;
    this.failToStart(new BowechoError('BOOTSTRAP_TIMEOUT', sentence));
  }

  private failToStart(cause: unknown): void {
    const error =
      cause instanceof BowechoError
        ? cause
        : new BowechoError('CONFIG_INVALID', `member '${this.id}' cannot start: ${String(cause)}`, { cause });
    this.halt(error.message, error);
    this.release();
  }

  /** Refuses work from now on, and fails what waits: nothing that happens later could settle it. */
  private halt(reason: string, error?: BowechoError): void {
    if (this.haltReason === undefined) {
      this.haltReason = reason;
      clearTimeout(this.bootstrapTimer);
      const why = error ?? this.endError(`${this.isClosing ? 'ended' : 'halted'}: ${reason}`);
      this.settleReady?.reject(why);
      this.earlyCalls.failAll(why);
      this.node?.calls.viewEnded(reason);
      if (!this.isClosing) this.tell('halted', reason);
    }
    this.onEnded?.();
  }

  private async leave(): Promise<void> {
    if (this.node !== undefined && this.haltReason === undefined) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, CLOSE_WAIT_MS);
        this.onEnded = () => {
          clearTimeout(timer);
          resolve();
        };
        this.node!.leave(`${this.id} was closed`);
        this.loop!.wake();
      });
    }
    this.halt('it was closed');
    this.release();
  }

  /** Once: the address may be a successor's by the time that a member which failed is closed. */
  private release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.loop?.stop();
    this.hub.stopListening(this.config.listen);
    this.node?.member.close();
    this.fabric.close(() => undefined);
  }
}

function isMember(view: View, { id, incarnation }: MemberIdentity): boolean {
  return view.members[rankOf(view, id)]?.incarnation === incarnation;
}
