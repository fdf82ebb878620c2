/**
 * ActorNode is one member with actors on it: it applies delivered messages to the replicas here and settles the calls
 * that were made here. It has no timers and does no I/O; whoever drives it calls `doWork`: the run loop in production,
 * the world in simulation.
 *
 * All members run the handler of a delivered call. The caller's own member settles the call with what its own replica
 * answered; the others' answers are thrown away, unless the caller asked for everybody's (`$all`).
 */
import {
  BowechoError,
  Member,
  replicaSets,
  type Application,
  type ControlPort,
  type Delivery,
  type Fabric,
  type ReplicaSet,
  type StateChange,
  type View,
} from '@bowecho/core';
import { CallHeader } from '../calls/call-message.js';
import { Calls, type Route } from '../calls/calls.js';
import { decodeMemberMessage, type MemberMessage } from '../calls/member-message.js';
import { errorOfThrow, type Outcome } from '../calls/outcome.js';
import { unpack } from '../codec/codec.js';
import type { HandlerView, Log } from '../ctx.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import { shardOf } from '../sharding/rendezvous.js';
import { Journal } from '../state/journal.js';
import { guardedLog } from './guarded-log.js';
import { Replica } from './replica.js';

/** What a node tells its owner. */
export interface NodeEvents {
  onViewInstalled(view: HandlerView): void;
  onViewEnded(reason: string): void;
  onStateChanged(change: StateChange): void;
  onHalted(error: unknown): void;
  /** A call without an answer (`$tell`) failed. */
  onDeadLetter(error: Error): void;
}

export interface ActorNodeOptions {
  readonly view: View;
  readonly myRank: number;
  /** In the order of the view's subgroups. */
  readonly definitions: readonly ActorDefinition[];
  readonly fabric: Fabric;
  readonly control: ControlPort;
  /** Bytes of each sender's ring: a power of two. */
  readonly ringBytes: number;
  /** Bytes of messages that may wait for room in the ring. */
  readonly queueBytes: number;
  /** Milliseconds that a call without a `timeout` of its own waits. */
  readonly callTimeout: number;
  readonly log: Log;
  readonly events: NodeEvents;
  /** Microseconds since 1970, never falling. */
  readonly now: () => number;
  /** Something was queued: `doWork` should be called soon. */
  readonly wake: () => void;
}

export class ActorNode implements Application {
  readonly member: Member;
  readonly calls: Calls;
  /** The view as handlers see it. */
  readonly view: HandlerView;
  private readonly myRank: number;
  private readonly definitions: readonly ActorDefinition[];
  private readonly events: NodeEvents;
  private readonly log: Log;
  private readonly sets: readonly ReplicaSet[];
  /** By replica set: undefined where I hold none. */
  private readonly replicas: readonly (Replica | undefined)[];
  /** By replica set: its table's memory as a Buffer, made at the first delivery. */
  private readonly memories: (Buffer | undefined)[] = [];
  /** By actor type, then shard: the replica set. */
  private readonly setOfShard: readonly (readonly ReplicaSet[])[];
  private readonly typeOf: ReadonlyMap<ActorDefinition, number>;
  private readonly header = new CallHeader();
  /** Why this member is to go, until the view hears of it. */
  private leaveReason: string | undefined;

  constructor(options: ActorNodeOptions) {
    const { view, myRank, definitions } = options;
    this.myRank = myRank;
    this.definitions = definitions;
    this.events = options.events;
    this.log = guardedLog(options.log);
    this.view = handlerViewOf(view);
    this.sets = replicaSets(view);
    const journal = new Journal();
    this.replicas = this.sets.map(set =>
      set.replicas.includes(myRank)
        ? new Replica(definitions[set.subgroup]!, set, journal, this.log, this.view)
        : undefined,
    );
    this.setOfShard = definitions.map((definition, type) =>
      Array.from({ length: definition.shards }, (_, shard) => {
        const set = this.sets.find(
          candidate => candidate.subgroup === type && candidate.shards.includes(shard),
        );
        return set!;
      }),
    );
    this.typeOf = new Map(definitions.map((definition, type) => [definition, type]));
    const { ringBytes, queueBytes, fabric, control } = options;
    this.member = new Member({
      view,
      myRank,
      ringBytes,
      queueBytes,
      ports: { fabric, control, application: this },
    });
    this.calls = new Calls({
      member: this.member,
      myRank,
      queueBytes,
      route: (definition, key) => this.route(definition, key),
      memberIds: this.view.members,
      setCount: this.sets.length,
      callTimeout: options.callTimeout,
      now: options.now,
      wake: options.wake,
      onDeadLetter: error => this.events.onDeadLetter(error),
    });
  }

  /** One step. Returns how much was done; 0 lets the driver rest until a write, a wake, or the next deadline. */
  doWork(now: number): number {
    const work = this.member.doWork(now) + this.calls.doWork(now);
    if (this.leaveReason === undefined || this.calls.forwarding.hasForwarded) return work;
    this.member.leave(this.leaveReason);
    this.leaveReason = undefined;
    return work + 1; // a turn follows that looks at it
  }

  /** When `doWork` must be called at the latest, microseconds; Infinity if only events matter. */
  get nextDeadline(): number {
    return Math.min(this.member.nextDeadline, this.calls.nextDeadline);
  }

  /** How many deliveries one step may make. */
  get deliveriesPerTurn(): number {
    return this.member.deliveriesPerTurn;
  }

  set deliveriesPerTurn(limit: number) {
    this.member.deliveriesPerTurn = limit;
  }

  /** Refuses new commands, has delivered what was sent and answered what was forwarded, and ends the view. */
  leave(reason: string): void {
    this.calls.isLeaving = true;
    this.leaveReason ??= reason;
  }

  /** Where the calls to a key go. */
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
    const set = this.setOfShard[type]![shardOf(definition.name, key, definition.shards)]!;
    return { set, type, replica: this.replicas[set.index] };
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
    const outcome = this.apply(replica, memory, delivery);
    if (delivery.isMine) this.calls.delivered(set, this.myRank, outcome);
    else if (this.header.gatherId >= 0) {
      const isQuery = replica.definition.methods[this.header.method]?.kind === 'query';
      this.calls.forwarding.answer(delivery.sender, this.header.gatherId, outcome, !isQuery);
    }
  }

  /** Runs what the message asks for. A message that makes no sense is an outcome too, the same at every replica. */
  private apply(replica: Replica, memory: Buffer, delivery: Delivery): Outcome {
    const { header } = this;
    const { offset, length } = delivery;
    try {
      header.read(memory, offset, length);
      const method = replica.definition.methods[header.method];
      if (method === undefined) throw new BowechoError('ACTOR_UNKNOWN', `no method ${header.method}`);
      const args = unpack(memory, header.argsAt, offset + length, method.borrow);
      if (!Array.isArray(args))
        throw new BowechoError('NOT_SERIALIZABLE', `${method.label}: arguments are no list`);
      return method.kind === 'command'
        ? replica.command(header.key, method, args, delivery)
        : replica.query(header.key, method, args);
    } catch (error) {
      if (error instanceof BowechoError) return { ok: false, error: errorOfThrow(error, 'no') };
      throw error;
    }
  }

  onMessage(fromRank: number, bytes: Uint8Array): void {
    let message: MemberMessage;
    try {
      message = decodeMemberMessage(bytes);
      if (message.kind === 'forward' && this.definitions[message.type] === undefined)
        throw new BowechoError('ACTOR_UNKNOWN', `no actor type ${message.type}`);
    } catch (err) {
      // Another member's bytes are no reason to stop. The call that they belong to ends by its timeout.
      this.log.error({ err, from: this.view.members[fromRank] }, 'a message of a member cannot be read');
      return;
    }
    if (message.kind === 'answer') this.calls.forwarding.answered(message.id, fromRank, message.outcome);
    else if (message.kind === 'withdraw') this.calls.withdraw(fromRank, message.id);
    else this.calls.execute(fromRank, message, this.definitions[message.type]!);
  }

  onViewInstalled(): void {
    for (const replica of this.replicas) replica?.viewChanged(this.view);
    this.events.onViewInstalled(this.view);
  }

  onViewEnded(reason: string): void {
    this.calls.viewEnded(reason);
    this.events.onViewEnded(reason);
  }

  onStateChanged(change: StateChange): void {
    this.events.onStateChanged(change);
  }

  onHalted(error: unknown): void {
    this.calls.viewEnded(`this member halted: ${String(error)}`);
    this.events.onHalted(error);
  }
}

/** The founders' view: everybody is new in it. */
function handlerViewOf(view: View): HandlerView {
  const members = view.members.map(member => member.id);
  return { id: view.vid, members, joined: members, left: [] };
}

function bufferOver(memory: Uint8Array): Buffer {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
}
