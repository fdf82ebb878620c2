/**
 * Calls is the caller's side of a member: it checks arguments, packs them, sends them, and settles each call exactly
 * once, by its delivery here, its timeout, its signal, or the end of this member's time in the group. Every failure says
 * whether the command took effect. A view change is nothing that a call notices, but for the time that it takes.
 *
 * Commands are ordered messages. Queries run on my own replica: `linearizable` ones once everything that had been received
 * when they were asked is delivered, and it is known that no view had begun without me by then (`LinearizableRead`), so they see whatever any
 * caller was told before; `local` ones at once. `$all` sends
 * commands and queries alike as ordered messages that every replica answers.
 *
 * What my member cannot do itself, because it holds no replica or may not send to it, is forwarded to one that can: see
 * forwarding.ts.
 */
import {
  BowechoError,
  type LinearizableRead,
  type MemberIdentity,
  type MembershipEnd,
  type MembershipState,
  type ReplicaSet,
} from '@bowecho/core';
import { packArguments, unpack } from '../codec/codec.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import { checkArguments } from '../definition/argument-checks.js';
import type { CallPort, CallRequest } from '../definition/ref-class.js';
import type { Replica } from '../host/replica.js';
import { AbortWatch } from './abort-watch.js';
import { CallWriter } from './call-message.js';
import { Deadlines } from './deadlines.js';
import { Fifo } from './fifo.js';
import { Forwarding, type ForwardingOptions } from './forwarding.js';
import type { ForwardMessage } from './member-message.js';
import type { Outcome } from './outcome.js';
import { PendingCall, PendingCalls, viewEnded } from './pending-calls.js';

/** Where the calls to one key go, in the present view. */
export interface Route {
  readonly set: ReplicaSet;
  /** Index of the actor type among the cluster's. */
  readonly type: number;
  /** My replica; undefined where I hold none. */
  readonly replica: Replica | undefined;
}

export interface CallsOptions extends ForwardingOptions {
  readonly route: (definition: ActorDefinition, key: string) => Route;
  /** Whether reads use leases; else each asks all members whether the view still runs. */
  readonly leases: boolean;
  /** A call without an answer failed. */
  readonly onDeadLetter: (error: Error) => void;
}

interface WaitingRead {
  readonly call: PendingCall;
  readonly read: LinearizableRead;
  readonly run: () => Outcome;
}

export class Calls implements CallPort {
  /**
   * Whether this member's program may call no more: it is to go once the calls are answered that cross members, those of others
   * included, which are still made.
   */
  isLeaving = false;
  /** How many calls have ever settled here. */
  settledCount = 0;
  /** What crosses members. */
  readonly forwarding: Forwarding;
  private startedCount = 0;
  private readonly pending: readonly PendingCalls[];
  /** By replica set, in the order of asking: a later one is hardly ever due before an earlier one. */
  private readonly waitingReads: readonly Fifo<WaitingRead>[];
  private readonly deadlines = new Deadlines<PendingCall>(call => call.isSettled);
  /** Calls for which there was no room, to be told so. */
  private readonly refused: { readonly call: PendingCall; readonly error: Error }[] = [];
  private readonly aborts = new AbortWatch<PendingCall>((call, { reason }) =>
    this.giveUp(call, 'ABORTED', `was aborted: ${String(reason)}`, reason),
  );
  private readonly writer = new CallWriter();

  constructor(private readonly options: CallsOptions) {
    this.forwarding = new Forwarding(options);
    this.pending = Array.from({ length: options.setCount }, () => new PendingCalls());
    this.waitingReads = Array.from({ length: options.setCount }, () => new Fifo());
  }

  invoke(request: CallRequest): Promise<unknown> | void {
    if (request.face !== 'tell')
      return new Promise((resolve, reject) => this.start(request, resolve, reject));
    this.start(request, ignoreResult, this.options.onDeadLetter);
  }

  /** Runs the reads whose time has come, forwards what waited, and ends the waits whose time is up. Returns how many. */
  doWork(now: number): number {
    let work = this.refused.length > 0 ? this.tellRefused() : 0;
    work += this.forwarding.doWork(now);
    for (let set = 0; set < this.waitingReads.length; set++) {
      if (this.waitingReads[set]!.size > 0) work += this.runReads(set);
      work += this.expire(set, now);
    }
    for (let call = this.deadlines.takeDue(now); call !== undefined; call = this.deadlines.takeDue(now)) {
      this.giveUp(call, 'TIMEOUT', 'was not answered in time');
      work++;
    }
    return work;
  }

  private tellRefused(): number {
    const refused = this.refused.splice(0);
    for (const { call, error } of refused) call.fail(error);
    return refused.length;
  }

  private runReads(set: number): number {
    const { member, now: clock, wake } = this.options;
    const now = clock(); // after the reads were called, whatever came before in this step
    const reads = this.waitingReads[set]!;
    let done = 0;
    for (let waiting = reads.first; waiting !== undefined && done < MOST_PER_STEP; waiting = reads.first) {
      const { call, read, run } = waiting;
      if (!call.isSettled) {
        if (!read.isDue(now)) {
          if (member.nextDeadline <= now) wake(); // it has begun anew, and asks the others
          break;
        }
        call.settle(run());
      }
      reads.shift();
      done++;
    }
    return done;
  }

  private expire(set: number, now: number): number {
    const calls = this.pending[set]!;
    let done = 0;
    while (done < MOST_PER_STEP) {
      const call = calls.nextExpired(now);
      if (call === undefined) break;
      this.giveUp(call, 'TIMEOUT', 'was not answered in time');
      done++;
    }
    return done;
  }

  /** The soonest timeout, microseconds; Infinity if there is none. */
  get nextDeadline(): number {
    let next = Math.min(this.deadlines.next, this.forwarding.nextDeadline);
    for (const calls of this.pending) next = Math.min(next, calls.nextDue);
    return next;
  }

  /** Calls made here and not yet settled. */
  get pendingCount(): number {
    return this.startedCount - this.settledCount;
  }

  /** My own message to that replica set was delivered here: its call is answered. */
  delivered(set: number, outcome: Outcome): void {
    const call = this.pending[set]!.take();
    call.isDelivered = true;
    if (call.gathering === undefined) call.settle(outcome);
    else this.forwarding.addAnswer(call, this.options.member.identity, outcome);
  }

  /** Makes a call that another member forwarded; its answer goes there. */
  execute(from: MemberIdentity, message: ForwardMessage, definition: ActorDefinition): void {
    const call = this.forwarding.callFor(this, from, message, definition);
    if (call === undefined) return;
    this.startedCount++;
    this.attempt(call, () => {
      const route = this.options.route(definition, message.key);
      call.set = route.set.index;
      if (!this.canMake(call, route)) throw notAReplica(call);
      this.make(call, route, message.args);
    });
  }

  /** The caller of a forwarded call waits no longer. */
  withdraw(from: MemberIdentity, id: number): void {
    const call = this.forwarding.madeFor(from, id);
    if (call !== undefined) this.giveUp(call, 'ABORTED', 'was given up by its caller');
  }

  /** No new command is taken any more, and the others are told, so that no call is under way when this member goes. */
  beginLeaving(): void {
    if (this.isLeaving) return;
    this.isLeaving = true;
    const { state, view } = this.options.member;
    const isFounding = view.vid === 0 && (state === 'connecting' || state === 'installing');
    if (!isFounding) this.forwarding.departures.announce();
  }

  /** This member is in no view any more: no call will be delivered here. What is known of each is told. */
  ended({ reason, isLeave, executedElsewhere }: MembershipEnd): void {
    // Who left in order has delivered all that was ever received here.
    if (isLeave) for (let set = 0; set < this.waitingReads.length; set++) while (this.runReads(set) > 0);
    this.pending.forEach((calls, set) =>
      calls.failAll(executedElsewhere[set], this.options.member.unpublishedCount(set), reason),
    );
    this.forwarding.ended(reason);
    this.tellRefused();
    for (const reads of this.waitingReads)
      for (let read = reads.shift(); read !== undefined; read = reads.shift())
        read.call.fail(viewEnded(read.call, 'no', reason));
  }

  private start(
    request: CallRequest,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { definition, method, key, options } = request;
    const call = new PendingCall(this, request, resolve, reject);
    this.startedCount++;
    this.attempt(call, () => {
      if (options?.signal?.aborted === true) throw abortError(call, options.signal, 'no');
      const route = this.options.route(definition, key);
      const args = checkArguments(method, request.args);
      const packed = packArguments(args, method.label);
      call.set = route.set.index;
      const isMadeHere = this.canMake(call, route);
      if (this.isLeaving && !(isMadeHere && isRead(call))) throw notRunning(call, this.options.member.state);
      if (isMadeHere) this.make(call, route, packed, args);
      else this.forward(call, route, packed);
    });
  }

  /** Starts a call; what keeps it from starting is its answer. */
  private attempt(call: PendingCall, start: () => void): void {
    try {
      start();
      if (!call.isSettled) this.limit(call);
    } catch (error) {
      this.refuse(call, error as Error);
    }
  }

  /**
   * What is refused for lack of room is answered by the next step and not at once: a caller that tries again and again
   * would else keep the member from ever making room.
   */
  private refuse(call: PendingCall, error: Error): void {
    if (error instanceof BowechoError && error.code === 'OVERLOADED') {
      this.refused.push({ call, error });
      this.options.wake();
    } else call.fail(error);
  }

  /** Whether my member can make this call itself: queries need a replica here, everything ordered a sender. */
  private canMake(call: PendingCall, { set, replica }: Route): boolean {
    return isRead(call) ? replica !== undefined : this.options.member.isSender(set.index);
  }

  /** @param args what was packed, where that is at hand */
  private make(call: PendingCall, { replica }: Route, packed: Uint8Array, args?: readonly unknown[]): void {
    if (isRead(call)) {
      // The query sees what was passed, not what the caller does to it while the query waits; nor the other way round.
      const isShared = args === undefined || args.some(isObject);
      this.read(call, replica!, isShared ? (unpack(packed) as unknown[]) : args);
    } else {
      if (call.request.face === 'all') this.forwarding.gather(call);
      this.send(call, packed);
    }
  }

  private send(call: PendingCall, args: Uint8Array): void {
    const { method, key } = call.request;
    const { gathering, idempotencyKey, triedSince } = call;
    const length = this.writer.write(method.id, key, args, gathering?.id ?? -1, idempotencyKey, triedSince);
    call.ticket = this.options.member.send(call.set, this.writer.bytes, length);
    this.pending[call.set]!.add(call);
    this.options.wake();
  }

  private read(call: PendingCall, replica: Replica, args: readonly unknown[]): void {
    const { method, key, options } = call.request;
    const run = (): Outcome => replica.query(key, method, args);
    const { member, leases, now, wake } = this.options;
    if (options?.read === 'local') return call.settle(run());
    if (member.state === 'left' || member.state === 'halted') throw notRunning(call, member.state);
    const calledAt = now();
    if (leases && member.isCurrent(call.set, calledAt)) call.settle(run());
    else {
      const read = member.beginRead(call.set, leases, calledAt);
      this.waitingReads[call.set]!.push({ call, read, run });
      wake();
    }
    if (leases && member.isLeaseAging(calledAt)) {
      member.requestProbe();
      wake();
    }
  }

  private forward(call: PendingCall, { type }: Route, args: Uint8Array): void {
    const { state } = this.options.member;
    if (IS_OVER.has(state)) throw notRunning(call, state);
    this.forwarding.forward(call, isRead(call), type, args);
  }

  /** Bounds the wait of a call by its timeout and its signal. */
  private limit(call: PendingCall): void {
    const { options } = call.request;
    const { callTimeout, now, wake } = this.options;
    const isQueued = call.ticket >= 0;
    if (isQueued && options?.timeout === undefined) {
      call.dueAt = now() + callTimeout * 1000;
    } else {
      this.deadlines.add(now() + (options?.timeout ?? callTimeout) * 1000, call);
      wake();
    }
    const signal = options?.signal;
    if (signal === undefined) return;
    this.aborts.add(signal, call);
    call.whenSettled(() => this.aborts.remove(signal, call));
  }

  /** Takes the call back if nobody has seen it; else only its wait ends. */
  private giveUp(call: PendingCall, code: 'TIMEOUT' | 'ABORTED', what: string, cause?: unknown): void {
    if (call.isSettled) return;
    const isForwarded = call.forwardedTo !== undefined;
    const neverSent = call.ticket < 0 && !isForwarded && call.triedSince < 0;
    if (isForwarded) this.forwarding.takeBack(call);
    call.isWithdrawn = call.ticket >= 0 && this.options.member.withdraw(call.set, call.ticket);
    if (call.isWithdrawn) this.pending[call.set]!.noteWithdrawn();
    const didExecute = neverSent || call.isWithdrawn ? 'no' : call.didExecuteIfSent;
    call.fail(new BowechoError(code, `${call.label} ${what}`, { didExecute, cause }));
  }
}

/** So that a step ends, and timers and sockets get their turn, when 100,000 calls are due at once. The next step goes on. */
const MOST_PER_STEP = 1024;

/** A member in one of these takes no work. */
const IS_OVER: ReadonlySet<MembershipState> = new Set<MembershipState>(['leaving', 'left', 'halted']);

/** Whether a call is answered by one replica without a message: a query, unless every replica is asked. */
function isRead({ request }: PendingCall): boolean {
  return request.method.kind === 'query' && request.face !== 'all';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function notAReplica({ label }: PendingCall): BowechoError {
  const sentence = `${label}: a call was forwarded to a member that holds no replica of that shard`;
  return new BowechoError('NOT_A_REPLICA', sentence, { didExecute: 'no' });
}

function notRunning({ label }: PendingCall, state: MembershipState): BowechoError {
  const [code, what] =
    state === 'halted'
      ? (['HALTED', 'has halted'] as const)
      : (['CLOSED', state === 'left' ? 'has left' : 'is leaving'] as const);
  return new BowechoError(code, `${label}: this member ${what}`, { didExecute: 'no' });
}

function ignoreResult(): void {
  // A call by $tell has no answer.
}

function abortError(call: PendingCall, signal: AbortSignal, didExecute: 'no'): BowechoError {
  return new BowechoError('ABORTED', `${call.label} was aborted before it was sent`, {
    didExecute,
    cause: signal.reason,
  });
}
