/**
 * ActorNode is one member with actors on it: it applies delivered messages to the replicas here and settles the calls
 * that were made here. It has no timers and does no I/O; whoever drives it calls `doWork`: the run loop in production,
 * the world in simulation.
 *
 * All members run the handler of a delivered call. The caller's own member settles the call with what its own replica
 * answered; the others' answers are thrown away, unless the caller asked for everybody's (`$all`).
 *
 * Views come and go under it. A replica set is the same under the same index in all of them, so replicas stay, and what names
 * members names them by identity: ranks are those of one view.
 */
import {
  BowechoError,
  Member,
  rankOfMember,
  type Application,
  type ControlPort,
  type Delivery,
  type Fabric,
  type MemberIdentity,
  type MembershipEnd,
  type StateChange,
  type View,
} from '@bowecho/core';
import { Calls, type Route } from '../calls/calls.js';
import { decodeMemberMessage, type MemberMessage } from '../calls/member-message.js';
import type { HandlerView, Log } from '../ctx.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import type { DeterminismGuard } from '../determinism/determinism-guard.js';
import { unguardedLog } from '../determinism/unguarded-log.js';
import { shardOf } from '../sharding/rendezvous.js';
import { Journal } from '../state/journal.js';
import type { Learned } from '../transfer/learner.js';
import { Lessons } from '../transfer/lessons.js';
import { CallRunner } from './call-runner.js';
import { placementsOf } from './founding.js';
import { guardedLog } from './guarded-log.js';
import { Replica } from './replica.js';

/** What a node tells its owner. */
export interface NodeEvents {
  /** A view runs: all its members are connected. `joined` and `left` count from the one that ran here before. */
  onViewInstalled(view: HandlerView): void;
  /** This member is in no view any more. Its calls are settled. */
  onEnded(end: MembershipEnd): void;
  onStateChanged(change: StateChange): void;
  onHalted(error: unknown): void;
  /** A call without an answer (`$tell`) failed. */
  onDeadLetter(error: Error): void;
}

export interface ActorNodeOptions {
  /** The view to begin with. */
  readonly view: View;
  /** What there is when that view begins. Undefined for founders: nothing. */
  readonly learned?: Learned | undefined;
  readonly myRank: number;
  /** In the order of the view's subgroups. */
  readonly definitions: readonly ActorDefinition[];
  readonly fabric: Fabric;
  readonly control: ControlPort;
  /**
   * Sends to a process that wants to join, over the control channel. False: there is no way to it. Left out: nobody can join
   * by this member.
   */
  readonly sendTransfer?: (to: MemberIdentity, bytes: Uint8Array) => boolean;
  /** Bytes of each sender's ring: a power of two. */
  readonly ringBytes: number;
  /** Bytes of messages that may wait for room in the ring. */
  readonly queueBytes: number;
  /** A member that is silent for so long is taken for lost: microseconds. Infinity: never for its silence. */
  readonly suspicionMicros: number;
  /** Milliseconds that a call without a `timeout` of its own waits. */
  readonly callTimeout: number;
  /** Whether queries use leases; else each asks all members. Default true. */
  readonly leases?: boolean;
  readonly log: Log;
  /** Has handlers fail where they use what differs between replicas. Whoever makes the node holds it as long. */
  readonly guard?: DeterminismGuard | undefined;
  readonly events: NodeEvents;
  /** Microseconds since 1970, never falling. */
  readonly now: () => number;
  /** Something was queued: `doWork` should be called soon. */
  readonly wake: () => void;
}

export class ActorNode implements Application {
  readonly member: Member;
  readonly calls: Calls;
  /** What I teach those who want to join. */
  readonly lessons: Lessons;
  private readonly definitions: readonly ActorDefinition[];
  private readonly events: NodeEvents;
  private readonly log: Log;
  /** The present view, and as handlers see it. */
  private entered: View;
  private handlerView: HandlerView;
  /** The one that ran here last. */
  private installed: View | undefined;
  /** By replica set: undefined where I hold none. */
  private readonly replicas: readonly (Replica | undefined)[];
  /** By replica set: its table's memory in the present view as a Buffer, made at the first delivery. */
  private memories: (Buffer | undefined)[] = [];
  /** By actor type, then shard: the index of the replica set. */
  private readonly setOfShard: readonly (readonly number[])[];
  private readonly typeOf: ReadonlyMap<ActorDefinition, number>;
  private readonly runner = new CallRunner();
  /** Why this member is to go, until the view hears of it. */
  private leaveReason: string | undefined;

  constructor(options: ActorNodeOptions) {
    const { view, myRank, definitions, guard, learned } = options;
    this.definitions = definitions;
    this.events = options.events;
    this.log = guardedLog(options.log);
    this.entered = view;
    this.handlerView = learned?.handlerView ?? handlerViewOf(view, undefined);
    const journal = new Journal();
    const log = guard === undefined ? this.log : unguardedLog(this.log);
    this.replicas =
      learned?.replicas ??
      view.sets.map(set =>
        set.replicas.includes(myRank)
          ? new Replica(definitions[set.subgroup]!, set, journal, log, this.handlerView, guard)
          : undefined,
      );
    this.setOfShard = definitions.map((definition, type) =>
      Array.from({ length: definition.shards }, (_, shard) =>
        view.sets.findIndex(set => set.subgroup === type && set.shards.includes(shard)),
      ),
    );
    this.typeOf = new Map(definitions.map((definition, type) => [definition, type]));
    const { ringBytes, queueBytes, suspicionMicros, fabric, control } = options;
    this.member = new Member({
      view,
      ...(learned === undefined ? {} : { shared: learned.shared }),
      myRank,
      ringBytes,
      queueBytes,
      suspicionMicros,
      placements: placementsOf(definitions),
      ports: { fabric, control, application: this },
    });
    this.calls = new Calls({
      member: this.member,
      queueBytes,
      route: (definition, key) => this.route(definition, key),
      setCount: view.sets.length,
      callTimeout: options.callTimeout,
      leases: options.leases ?? true,
      now: options.now,
      wake: options.wake,
      onDeadLetter: error => this.events.onDeadLetter(error),
    });
    this.lessons = this.makeLessons(options);
  }

  private makeLessons({ sendTransfer, wake, now }: ActorNodeOptions): Lessons {
    return new Lessons({
      member: this.member,
      replicas: this.replicas,
      handlerView: () => this.handlerView,
      send: sendTransfer ?? (() => false),
      wake,
      now,
    });
  }

  /** The present view, as handlers see it. It may not run yet. */
  get view(): HandlerView {
    return this.handlerView;
  }

  /** One step. Returns how much was done; 0 lets the driver rest until a write, a wake, or the next deadline. */
  doWork(now: number): number {
    let work = this.member.doWork(now) + this.calls.doWork(now);
    if (this.lessons.areGiven) work += this.lessons.doWork(now, work > 0);
    if (this.leaveReason === undefined || !this.calls.forwarding.isFree) return work;
    this.member.leave(this.leaveReason);
    this.leaveReason = undefined;
    return work + 1; // a turn follows that looks at it
  }

  /** When `doWork` must be called at the latest, microseconds; Infinity if only events matter. */
  get nextDeadline(): number {
    return Math.min(this.member.nextDeadline, this.calls.nextDeadline);
  }

  /** Whether somebody waits for the next deadline: for a call, and not only for this member's beats. */
  get isAwaited(): boolean {
    return this.calls.nextDeadline < Infinity;
  }

  /** How many deliveries one step may make. */
  get deliveriesPerTurn(): number {
    return this.member.deliveriesPerTurn;
  }

  set deliveriesPerTurn(limit: number) {
    this.member.deliveriesPerTurn = limit;
  }

  /**
   * Refuses new commands, has delivered what was sent and answered what was forwarded, and leaves the others to a view of
   * theirs.
   */
  leave(reason: string): void {
    this.calls.beginLeaving();
    this.leaveReason ??= reason;
  }

  /** Where the calls to a key go, in the present view. */
  route(definition: ActorDefinition, key: string): Route {
    const type = this.typeOf.get(definition);
    if (type === undefined) {
      throw new BowechoError(
        'ACTOR_UNKNOWN',
        `actor '${definition.name}' is not among this cluster's actors`,
        {
          didExecute: 'no',
        },
      );
    }
    const index = this.setOfShard[type]![shardOf(definition.name, key, definition.shards)]!;
    return { set: this.member.view.sets[index]!, type, replica: this.replicas[index] };
  }

  /** My replicas of an actor type, one per replica set that I am in. */
  replicasOf(definition: ActorDefinition): readonly Replica[] {
    return this.replicas
      .filter(replica => replica?.definition === definition)
      .filter(replica => replica !== undefined);
  }

  deliver(delivery: Delivery): void {
    const { set } = delivery;
    const replica = this.replicas[set]!;
    const memory = (this.memories[set] ??= bufferOver(delivery.memory));
    const { runner } = this;
    const before = this.lessons.areGiven ? replica.moment : undefined;
    const outcome = runner.run(replica, memory, delivery.offset, delivery.length, delivery);
    const { gatherId, method, key } = runner.header;
    const isQuery = replica.definition.methods[method]?.kind === 'query';
    if (delivery.isMine) this.calls.delivered(set, outcome);
    else if (gatherId >= 0) {
      const sender = this.member.view.members[delivery.sender]!;
      this.calls.forwarding.answer(sender, gatherId, outcome, !isQuery);
    }
    if (before !== undefined && !isQuery) this.lessons.delivered(replica, key, delivery, before);
  }

  onMessage(from: MemberIdentity, bytes: Uint8Array): void {
    let message: MemberMessage;
    try {
      message = decodeMemberMessage(bytes);
      if (message.kind === 'forward' && this.definitions[message.type] === undefined)
        throw new BowechoError('ACTOR_UNKNOWN', `no actor type ${message.type}`);
    } catch (err) {
      // Another member's bytes are no reason to stop. The call that they belong to ends by its timeout.
      this.log.error({ err, from: from.id }, 'a message of a member cannot be read');
      return;
    }
    // It may have waited for a view, and its sender be lost since: nobody counts on it any more, and nobody would hear an answer.
    if (rankOfMember(this.member.view, from) < 0) return;
    const { calls } = this;
    switch (message.kind) {
      case 'answer':
        return calls.forwarding.answered(from, message);
      case 'withdraw':
        return calls.withdraw(from, message.id);
      case 'forward':
        return calls.execute(from, message, this.definitions[message.type]!);
      case 'leaving':
        return calls.forwarding.departures.announced(from);
      case 'noted':
        return calls.forwarding.departures.noted(from);
    }
  }

  /** At the same place of each set's sequence at every replica. */
  onViewEntered(view: View): void {
    const before = this.entered;
    this.entered = view;
    this.handlerView = handlerViewOf(view, before);
    this.memories = [];
    this.lessons.viewEntered(view, this.handlerView);
    for (const replica of this.replicas) replica?.viewChanged(this.handlerView);
    this.calls.forwarding.viewEntered();
  }

  onViewInstalled(view: View): void {
    const told = handlerViewOf(view, this.installed);
    this.installed = view;
    this.events.onViewInstalled(told);
  }

  onEnded(end: MembershipEnd): void {
    this.lessons.ended(end.reason);
    this.calls.ended(end);
    this.events.onEnded(end);
  }

  onStateChanged(change: StateChange): void {
    this.events.onStateChanged(change);
  }

  onHalted(error: unknown): void {
    this.lessons.ended(`it halted: ${String(error)}`);
    this.calls.ended({
      reason: `this member halted: ${String(error)}`,
      isLeave: false,
      executedElsewhere: [],
    });
    this.events.onHalted(error);
  }
}

/** A view as handlers see it; everybody is new in the first one. */
function handlerViewOf(view: View, before: View | undefined): HandlerView {
  const idsOf = (members: readonly MemberIdentity[]): string[] => members.map(({ id }) => id);
  const isNew = (member: MemberIdentity): boolean => before === undefined || rankOfMember(before, member) < 0;
  const gone = (before?.members ?? []).filter(member => rankOfMember(view, member) < 0);
  return {
    id: view.vid,
    members: idsOf(view.members),
    joined: idsOf(view.members.filter(isNew)),
    left: idsOf(gone),
  };
}

function bufferOver(memory: Uint8Array): Buffer {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
}
