/**
 * A Cluster is this process's member of a group of replicated actors, as its program sees it: it hands out references to
 * actors, makes their calls or refuses them, and tells what becomes of the group. How the member comes to be, and whom it
 * hears, is in host/bootstrap.ts.
 */
import { EventEmitter } from 'node:events';
import { BowechoError, type Fabric, type StateChange } from '@bowecho/core';
import { resolveConfig, type ClusterConfig, type ResolvedConfig } from './config/index.js';
import { inquirer } from './config/inquiry.js';
import { memberEnvironment } from './config/member-environment.js';
import type { HandlerView, Log } from './ctx.js';
import { canonicalKey, type ActorKey } from './definition/actor-key.js';
import type { ActorClass } from './definition/actor-class.js';
import { definitionOf, type ActorDefinition } from './definition/actor-definition.js';
import { refClassOf, type CallFace, type CallPort, type CallRequest } from './definition/ref-class.js';
import type { Ref } from './definition/ref.js';
import { EarlyCalls } from './calls/early-calls.js';
import type { ControlChannel } from './control/control-channel.js';
import { TcpControlChannel } from './control/tcp-control-channel.js';
import type { ActorNode } from './host/actor-node.js';
import { Bootstrap, type BootstrapEvents, type Standing } from './host/bootstrap.js';
import { layoutOfView, type ClusterLayout } from './host/cluster-layout.js';
import { subgroupSpecOf } from './host/founding.js';
import { guardedLog } from './host/guarded-log.js';
import { leaveOnSignal } from './host/leave-on-signal.js';
import { openFabric } from './host/open-fabric.js';
import { digestOfReplicas } from './host/replica-digest.js';
import { InProcessControl, processHub } from './in-process/in-process-control.js';

/** What a cluster tells who listens. */
export interface ClusterEvents {
  /** A view runs here, the first one or a later one. `joined` and `left` count from the one that ran here before. */
  view: [view: HandlerView];
  /**
   * This member is in no view any more and refuses work from now on: the group went on without it, or it cannot reach the
   * group.
   */
  halted: [reason: string];
  /** The membership machine took a step. */
  state: [change: StateChange];
  /** A call by `$tell` failed. */
  deadLetter: [error: Error];
}

/** How long `close` waits for what was sent to be delivered, milliseconds. */
const CLOSE_WAIT_MS = 5_000;

/**
 * Starts this process's member. Resolves once it listens; `whenReady()` resolves once the group runs. Calls made in
 * between wait for that, or for their own timeout or signal.
 *
 * Who this member is, where it listens and who else there is may be left to the environment: `bowecho run app.js` starts
 * a program as every member of a group on this machine.
 *
 * A cluster keeps the process alive, as a server does. One on the `in-process` fabric does so only while it waits for
 * founders and while calls are unanswered: nothing outside the process could reach it. `close()` it, or declare it with
 * `await using`. SIGTERM has it leave before the process ends. The group goes on without a member that left or died, as
 * long as more than half of the members of a view are there for the next one.
 *
 * @throws BowechoError `CONFIG_INVALID`, `ACTOR_INVALID`, `METADATA_MISSING`, `ADDRESS_IN_USE`, `FABRIC_UNAVAILABLE`
 * @example
 * await using cluster = await createCluster({ actors: [Counter] });
 * const visits = cluster.get(Counter, 'visits');
 * await visits.add(1);
 */
export async function createCluster(config: ClusterConfig): Promise<Cluster> {
  const resolved = resolveConfig(config, memberEnvironment());
  const answer = inquirer();
  if (answer !== undefined) {
    answer(resolved.actors.map(subgroupSpecOf));
    return new Promise<never>(() => undefined); // there is no member to go on with
  }
  const cluster = new Cluster(resolved, await openFabric(resolved, guardedLog(resolved.log)), () =>
    controlOf(resolved),
  );
  await cluster.open();
  return cluster;
}

function controlOf(config: ResolvedConfig): ControlChannel {
  if (config.fabric === 'in-process') return new InProcessControl(processHub, config.listen);
  const { listen, mySeed, security } = config;
  const seeds = config.seeds.filter(seed => seed !== mySeed);
  return new TcpControlChannel({ listen, seeds, security, log: guardedLog(config.log) });
}

export class Cluster implements CallPort {
  readonly id: string;
  private readonly config: ResolvedConfig;
  private readonly emitter = new EventEmitter();
  private readonly log: Log;
  private readonly standing: Standing = { isReady: false, isClosing: false, haltReason: undefined };
  private readonly bootstrap: Bootstrap;
  private readonly earlyCalls = new EarlyCalls(() => this.node!.calls);
  private readonly ready: Promise<void>;
  private settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private closing: Promise<void> | undefined;
  private onEnded: (() => void) | undefined;
  private forgetSignals: (() => void) | undefined;

  /** Use `createCluster`. */
  constructor(config: ResolvedConfig, fabric: Fabric, makeControl: () => ControlChannel) {
    this.id = config.id;
    this.config = config;
    this.log = guardedLog(config.log);
    this.bootstrap = new Bootstrap(
      config,
      fabric,
      makeControl,
      this.log,
      this.standing,
      this.bootstrapEvents(),
    );
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    // Whoever asks for it hears of a failure by whenReady(); one that nobody asks for must not end the process.
    this.ready.catch(() => undefined);
  }

  /** Use `createCluster`. Listens and dials the founders. */
  async open(): Promise<void> {
    await this.bootstrap.listen();
    if (this.config.leaveOnSignal) this.forgetSignals = leaveOnSignal(this);
    this.bootstrap.begin();
  }

  /** Resolves when the group runs; rejects if it cannot, and says for whom or what it waited. */
  whenReady(): Promise<void> {
    return this.ready;
  }

  /** The present view, which may not run yet while the view changes; undefined before the first one. */
  get view(): HandlerView | undefined {
    return this.standing.isReady ? this.node?.view : undefined;
  }

  /** Who holds what in the present view, and what the next one lacks where the group stands still for it; undefined before the first one. */
  layout(): ClusterLayout | undefined {
    if (!this.standing.isReady || this.node === undefined) return undefined;
    const { member } = this.node;
    return layoutOfView(member.view, member.missingReplicas);
  }

  /** What this member waits for, and on whom; empty when it waits for nothing. */
  get waitingFor(): readonly string[] {
    return this.standing.haltReason === undefined ? this.bootstrap.waitingFor : [];
  }

  /** Whether there is a group to leave. */
  get isInGroup(): boolean {
    return this.standing.isReady && this.standing.haltReason === undefined;
  }

  /** Calls made here and not yet answered, and those that are made here for other members. */
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
   * Hears of views, halts, state changes and dead letters. A listener that throws, or is async and rejects, harms neither
   * the member nor the other listeners; its error is logged.
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
    const { isReady, isClosing, haltReason } = this.standing;
    if (haltReason !== undefined || isClosing) return this.refuse(request.face);
    if (isReady) return this.node!.calls.invoke(request);
    const call = this.earlyCalls.hold(request);
    if (request.face !== 'tell') return call;
    call.catch((error: Error) => this.deadLetter(error));
  }

  /**
   * Has what was sent delivered, leaves the group, and lets go of everything; the others go on. It waits 5 s for them at most.
   * Calling it again waits for the same.
   */
  close(): Promise<void> {
    this.standing.isClosing = true;
    this.closing ??= this.leave();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get node(): ActorNode | undefined {
    return this.bootstrap.node;
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

  /** Not at once: a program that calls again and again would else never hear of anything that happens. */
  private refuse(face: CallFace): Promise<never> | void {
    const error = this.endError(`refuses work: ${this.standing.haltReason ?? 'it is closing'}`);
    if (face !== 'tell') return new Promise((_, reject) => setImmediate(reject, error));
    this.deadLetter(error);
  }

  /** Why there is no group here any more; work that meets it was not begun. */
  private endError(what: string): BowechoError {
    const code = this.standing.isClosing ? 'CLOSED' : 'HALTED';
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
        const result: unknown = Reflect.apply(listener, this, args);
        if (result instanceof Promise) result.catch((err: unknown) => this.logMistake(event, err));
      } catch (err) {
        this.logMistake(event, err);
      }
    }
  }

  private logMistake(event: keyof ClusterEvents, err: unknown): void {
    this.log.error({ member: this.id, event, err }, `a listener of '${event}' threw`);
  }

  private bootstrapEvents(): BootstrapEvents {
    return {
      onViewInstalled: view => {
        if (this.standing.haltReason !== undefined) return;
        this.standing.isReady = true;
        this.earlyCalls.makeAll(); // before anybody who hears of the view can call
        this.settleReady?.resolve();
        const { id, members, left } = view;
        if (id > 0)
          this.log.info({ member: this.id, view: id, members, left }, 'the group goes on in a new view');
        this.tell('view', view);
      },
      onEnded: ({ reason }) => {
        // Who listens hears it and says what it means for the program; else the log does.
        const isExpected = this.standing.isClosing || this.emitter.listenerCount('halted') > 0;
        const level = isExpected ? 'debug' : 'warn';
        this.log[level]({ member: this.id, reason }, 'this member is in no view any more, and refuses work');
        this.halt(reason);
      },
      onStateChanged: change => {
        this.log.debug({ member: this.id, ...change }, 'membership');
        this.tell('state', change);
      },
      onDeadLetter: error => this.deadLetter(error),
      onOver: (reason, error) => this.halt(reason, error),
      onRelease: () => this.forgetSignals?.(),
    };
  }

  /** Refuses work from now on, and fails what waits: nothing that happens later could settle it. */
  private halt(reason: string, error?: BowechoError): void {
    const { standing } = this;
    if (standing.haltReason === undefined) {
      standing.haltReason = reason;
      const why = error ?? this.endError(`${standing.isClosing ? 'ended' : 'halted'}: ${reason}`);
      this.settleReady?.reject(why);
      this.earlyCalls.failAll(why);
      this.node?.calls.ended({ reason, isLeave: false, executedElsewhere: [] });
      if (!standing.isClosing) this.tell('halted', reason);
    }
    this.onEnded?.();
  }

  private async leave(): Promise<void> {
    if (this.node !== undefined && this.standing.haltReason === undefined) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, CLOSE_WAIT_MS);
        this.onEnded = () => {
          clearTimeout(timer);
          resolve();
        };
        this.bootstrap.leave(`${this.id} was closed`);
      });
    }
    this.halt('it was closed');
    await this.bootstrap.release();
  }
}
