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
  type KeysMessage,
  type MemberIdentity,
  type StateChange,
  type View,
} from '@bowecho/core';
import { resolveConfig, type ClusterConfig, type ResolvedConfig } from './config/index.js';
import { memberEnvironment } from './config/member-environment.js';
import type { HandlerView, Log } from './ctx.js';
import { canonicalKey, type ActorKey } from './definition/actor-key.js';
import type { ActorClass } from './definition/actor-class.js';
import { definitionOf, type ActorDefinition } from './definition/actor-definition.js';
import { refClassOf, type CallFace, type CallPort, type CallRequest } from './definition/ref-class.js';
import type { Ref } from './definition/ref.js';
import { EarlyCalls } from './calls/early-calls.js';
import type { Answer, ControlChannel, ControlHandler } from './control/control-channel.js';
import type { Greeting } from './control/greeting.js';
import { identityKey } from './control/identity-key.js';
import { TcpControlChannel } from './control/tcp-control-channel.js';
import { ActorNode, type NodeEvents } from './host/actor-node.js';
import { digestOfReplicas } from './host/replica-digest.js';
import { Founding, isMember } from './host/founding.js';
import { guardedLog } from './host/guarded-log.js';
import { leaveOnSignal } from './host/leave-on-signal.js';
import { openFabric } from './host/open-fabric.js';
import { RunLoop, microsecondsNow } from './host/run-loop.js';
import { InProcessControl, processHub } from './in-process/in-process-control.js';

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
/** A founder that is missing for longer is worth a line in the log: not all start in the same moment. */
const LATE_MS = 2_000;
/** Processes whose keys are kept for a member that is not made yet: founders, and whoever else says so. */
const MOST_EARLY = 1_024;

/**
 * Starts this process's member. Resolves once it listens; `whenReady()` resolves once the group runs. Calls made in
 * between wait for that, or for their own timeout or signal.
 *
 * Who this member is, where it listens and who else there is may be left to the environment: `bowecho run app.js` starts
 * a program as every member of a group on this machine.
 *
 * A cluster keeps the process alive, as a server does. One on the `in-process` fabric does so only while it waits for
 * founders and while calls are unanswered: nothing outside the process could reach it. `close()` it, or declare it with
 * `await using`. SIGTERM has it leave before the process ends.
 *
 * @throws BowechoError `CONFIG_INVALID`, `ACTOR_INVALID`, `METADATA_MISSING`, `ADDRESS_IN_USE`, `FABRIC_UNAVAILABLE`
 * @example
 * await using cluster = await createCluster({ actors: [Counter] });
 * const visits = cluster.get(Counter, 'visits');
 * await visits.add(1);
 */
export async function createCluster(config: ClusterConfig): Promise<Cluster> {
  const resolved = resolveConfig(config, memberEnvironment());
  const cluster = new Cluster(resolved, await openFabric(resolved.fabric), controlOf(resolved));
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
  private readonly control: ControlChannel;
  private readonly fabric: Fabric;
  private readonly emitter = new EventEmitter();
  private readonly log: Log;
  private readonly earlyCalls = new EarlyCalls(() => this.node!.calls);
  private readonly founding: Founding;
  private readonly me: Greeting;
  private readonly ready: Promise<void>;
  private settleReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private bootstrapTimer: NodeJS.Timeout | undefined;
  private node: ActorNode | undefined;
  private loop: RunLoop | undefined;
  /** By identity, oldest first: the keys of members that were faster than I am. */
  private readonly early = new Map<string, KeysMessage>();
  private haltReason: string | undefined;
  private closing: Promise<void> | undefined;
  private onEnded: (() => void) | undefined;
  private openedAt = 0;
  private isReady = false;
  private isClosing = false;
  private released: Promise<void> | undefined;
  private forgetSignals: (() => void) | undefined;

  /** Use `createCluster`. */
  constructor(config: ResolvedConfig, fabric: Fabric, control: ControlChannel) {
    this.id = config.id;
    this.config = config;
    this.fabric = fabric;
    this.control = control;
    this.log = guardedLog(config.log);
    this.me = {
      identity: { id: config.id, incarnation: randomInt(1, INCARNATION_LIMIT) },
      seeds: config.seeds,
      fabric: config.fabric,
      ringBytes: config.ringBytes,
      fingerprints: new Map(config.actors.map(definition => [definition.name, definition.fingerprint])),
    };
    this.founding = new Founding(this.me, config.actors, config.mySeed);
    this.ready = new Promise((resolve, reject) => {
      this.settleReady = { resolve, reject };
    });
    // Whoever asks for it hears of a failure by whenReady(); one that nobody asks for must not end the process.
    this.ready.catch(() => undefined);
  }

  /** Use `createCluster`. Listens and dials the founders. */
  async open(): Promise<void> {
    this.openedAt = performance.now();
    this.bootstrapTimer = setTimeout(() => this.bootstrapEnds(), this.config.bootstrapTimeout);
    try {
      await this.control.open(this.me, this.handler());
    } catch (error) {
      this.failToStart(error);
      await this.release();
      throw error;
    }
    if (this.config.leaveOnSignal) this.forgetSignals = leaveOnSignal(this);
    this.tryToStart(() => undefined);
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
    return this.node?.member.waitingFor() ?? this.founding.waitingFor;
  }

  /** Whether there is a group to leave. */
  get isInGroup(): boolean {
    return this.isReady && this.haltReason === undefined;
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
    if (this.haltReason !== undefined || this.isClosing) return this.refuse(request.face);
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

  /** Not at once: a program that calls again and again would else never hear of anything that happens. */
  private refuse(face: CallFace): Promise<never> | void {
    const error = this.endError(`refuses work: ${this.haltReason ?? 'it is closing'}`);
    if (face !== 'tell') return new Promise((_, reject) => setImmediate(reject, error));
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

  private handler(): ControlHandler {
    return {
      greeted: theirs => this.answer(theirs),
      answered: (seed, theirs) => this.heard(seed, theirs),
      unanswered: (seed, problem) => {
        if (this.isReady || this.haltReason !== undefined) return;
        if (this.node !== undefined) {
          this.failToStart(founderIsGone(this.id, seed, problem));
          return;
        }
        this.founding.unanswered(seed, problem);
        const isLate = performance.now() - this.openedAt > LATE_MS;
        this.log[isLate ? 'info' : 'debug']({ member: this.id, seed, problem }, 'a founder is missing');
      },
      received: message => {
        if (this.node !== undefined) this.hand(this.node, message);
        else this.keep(message);
      },
      lost: (member, reason) => {
        if (this.node === undefined) this.founding.lost(member, reason);
        else this.lose(member, `the way to it broke: ${reason}`);
      },
      silenced: member => this.lose(member, 'its way to this member broke'),
    };
  }

  /** Who is in a group without that process is no founder of its group: that one waits for my successor at this address. */
  private answer(theirs: Greeting): Answer {
    const { node } = this;
    if (this.isClosing) return { refusal: 'it is closing' };
    if (node === undefined) {
      const mismatch = this.founding.mismatchWith(theirs);
      if (mismatch !== undefined)
        this.log.warn({ member: this.id, from: theirs.identity.id, err: mismatch }, 'a stranger called');
    } else if (!isMember(node.member.view, theirs.identity)) {
      if (this.haltReason !== undefined)
        return { refusal: `its group has ended (${this.haltReason}); it waits to be started again` };
      const { id, members } = node.view;
      const group = `view ${id} of ${members.join(', ')}`;
      return { refusal: `its group runs already (${group}), and joining comes in a later version` };
    }
    return { greeting: this.me };
  }

  private heard(seed: string, theirs: Greeting): void {
    if (this.haltReason !== undefined) return;
    if (this.node === undefined) {
      this.tryToStart(() => this.founding.answered(seed, theirs));
      return;
    }
    const { member } = this.node;
    if (!isMember(member.view, theirs.identity)) {
      const problem = 'another process listens there now';
      if (!this.isReady) this.failToStart(founderIsGone(this.id, seed, problem));
      else this.log.warn({ member: this.id, seed, now: theirs.identity }, problem);
    } else if (member.state === 'connecting' || member.state === 'installing') {
      member.sendKeys(rankOf(member.view, theirs.identity.id)); // the way broke, perhaps before they arrived
    }
  }

  /** What was last said between that member and me, in one direction or the other, may be lost. */
  private lose(identity: MemberIdentity, reason: string): void {
    const { node } = this;
    if (node === undefined || identity.id === this.id || !isMember(node.member.view, identity)) return;
    this.loop!.wake(); // what it wrote into my memory before it went may explain it: that is read first
    setImmediate(() => {
      if (this.haltReason === undefined && !this.isClosing)
        this.log.warn({ member: this.id, from: identity.id, reason }, 'a connection between members broke');
      node.calls.memberLost(rankOf(node.member.view, identity.id), reason);
    });
  }

  /**
   * Keeps what belongs to a member that is not made yet. Founders have nothing but keys to say before they have mine, and
   * anybody may say anything: so no one fills the memory, nor takes the place of another one.
   */
  private keep(message: ControlMessage): void {
    if (message.kind !== 'keys') return;
    const { early } = this;
    const key = identityKey(message.from);
    early.delete(key);
    early.set(key, message);
    if (early.size > MOST_EARLY) early.delete(early.keys().next().value!);
  }

  /** Gives the member what other members of its view say. An earlier group at the same addresses may still be heard. */
  private hand({ member }: ActorNode, message: ControlMessage): void {
    const problem = member.receiveControl(message);
    if (problem === undefined) this.loop!.wake();
    else this.log.debug({ member: this.id, from: message.from, problem }, 'a control message was refused');
  }

  /** Runs a step of founding, and the group once all founders are known. */
  private tryToStart(step: () => void): void {
    try {
      step();
      if (this.founding.isComplete) this.run(this.founding.view());
    } catch (error) {
      this.failToStart(error);
    }
  }

  private run(view: View): void {
    const { config, fabric } = this;
    this.node = new ActorNode({
      view,
      myRank: rankOf(view, this.id),
      definitions: config.actors,
      fabric,
      control: {
        send: (to, message) => this.send(to, message),
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
    for (const message of this.early.values()) this.hand(this.node, message);
    this.early.clear();
    this.loop.wake();
  }

  /** The port of a member: it never throws, and what is too large was refused before. */
  private send(to: MemberIdentity, message: ControlMessage): boolean {
    try {
      return this.control.send(to, message);
    } catch (err) {
      this.log.error({ member: this.id, to: to.id, err }, 'a control message could not be sent');
      return false;
    }
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
      onViewEnded: reason => {
        // Who listens hears it and says what it means for the program; else the log does.
        const level = this.isClosing || this.emitter.listenerCount('halted') > 0 ? 'debug' : 'warn';
        this.log[level]({ member: this.id, reason }, 'the view ended; this member refuses work');
        this.halt(reason);
      },
      onStateChanged: change => {
        this.log.debug({ member: this.id, ...change }, 'membership');
        this.tell('state', change);
      },
      onHalted: error => {
        this.log.error({ member: this.id, err: error }, 'this member halted');
        if (!this.isReady && error instanceof BowechoError) this.failToStart(error);
        else {
          this.halt(String(error));
          void this.release(); // its memory goes, so the others notice, and their calls settle
        }
      },
      onDeadLetter: error => this.deadLetter(error),
    };
  }

  private bootstrapEnds(): void {
    if (this.haltReason === undefined) {
      const problems = this.waitingFor;
      const sentence = `after ${this.config.bootstrapTimeout} ms member '${this.id}' still waits for: ${problems.join(', ')}`;
      this.failToStart(new BowechoError('BOOTSTRAP_TIMEOUT', sentence, { problems }));
    }
    void this.release();
  }

  /**
   * The address is kept for a while: the other founders are to hear why there is no group. Those that have heard all founders
   * wait for what I shall never say, so then I go soon, and they see me go.
   */
  private failToStart(cause: unknown): void {
    const error =
      cause instanceof BowechoError
        ? cause
        : new BowechoError('CONFIG_INVALID', `member '${this.id}' cannot start: ${String(cause)}`, { cause });
    this.halt(error.message, error);
    this.bootstrapTimer?.unref();
    if (!this.founding.isComplete || this.released !== undefined) return;
    clearTimeout(this.bootstrapTimer);
    const rest = Math.min(LATE_MS, this.config.bootstrapTimeout);
    this.bootstrapTimer = setTimeout(() => void this.release(), rest).unref();
  }

  /** Refuses work from now on, and fails what waits: nothing that happens later could settle it. */
  private halt(reason: string, error?: BowechoError): void {
    if (this.haltReason === undefined) {
      this.haltReason = reason;
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
    await this.release();
  }

  /** Once: the address may be a successor's by the time that a member which failed is closed. */
  private release(): Promise<void> {
    this.released ??= this.letGo();
    return this.released;
  }

  private async letGo(): Promise<void> {
    clearTimeout(this.bootstrapTimer);
    this.forgetSignals?.();
    this.loop?.stop();
    await this.control.close();
    this.node?.member.close();
    await new Promise<void>(resolve => this.fabric.close(resolve));
  }
}

function founderIsGone(id: string, seed: string, problem: string): BowechoError {
  const sentence = `member '${id}' cannot start: the founder at ${seed} went away while the group formed (${problem})`;
  return new BowechoError('MEMBER_LOST', sentence);
}
