/**
 * Calls is the caller's side of a member: it checks arguments, packs them, sends them, and settles each call exactly
 * once, by its delivery here, its timeout, its signal, or the end of the view. Every failure says whether the command
 * took effect.
 *
 * Commands are ordered messages. Queries run on my own replica: `stable` ones once everything that had been received
 * when they were asked is delivered, so they see whatever any caller was told before; `local` ones at once. `$all` sends
 * commands and queries alike as ordered messages that every replica answers.
 */
import { BowechoError, type Member, type ReplicaSet } from '@bowecho/core';
import { packArguments, unpack } from '../codec/codec.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import { checkArguments } from '../definition/argument-checks.js';
import type { CallPort, CallRequest } from '../definition/ref-class.js';
import type { Replica } from '../host/replica.js';
import { AbortWatch } from './abort-watch.js';
import { CallWriter } from './call-message.js';
import { Deadlines } from './deadlines.js';
import { Fifo } from './fifo.js';
import type { Outcome } from './outcome.js';
import { PendingCall, PendingCalls } from './pending-calls.js';

/** Where the calls to one key go. */
export interface Route {
  readonly set: ReplicaSet;
  /** My replica; undefined where I hold none. */
  readonly replica: Replica | undefined;
}

export interface CallsOptions {
  readonly member: Member;
  readonly route: (definition: ActorDefinition, key: string) => Route;
  /** By rank: the members' ids. */
  readonly memberIds: readonly string[];
  /** How many replica sets the view has. */
  readonly setCount: number;
  /** Milliseconds that a call without a `timeout` of its own waits. */
  readonly callTimeout: number;
  /** Microseconds since 1970, never falling. */
  readonly now: () => number;
  /** Something was queued: the member should take a turn soon. */
  readonly wake: () => void;
  /** A call without an answer failed. */
  readonly onDeadLetter: (error: Error) => void;
}

/** A query that waits until all that was received when it was asked is delivered. */
interface WaitingRead {
  readonly call: PendingCall;
  readonly mark: Float64Array;
  readonly run: () => Outcome;
}

export class Calls implements CallPort {
  /** How many calls have ever settled here. */
  settledCount = 0;
  private startedCount = 0;
  private readonly pending: readonly PendingCalls[];
  /** By replica set, in the order of asking: a later mark is never reached before an earlier one. */
  private readonly waitingReads: readonly Fifo<WaitingRead>[];
  private readonly gatherings = new Map<number, PendingCall>();
  private gatherIds = 0;
  private readonly deadlines = new Deadlines<PendingCall>(call => call.isSettled);
  private readonly aborts = new AbortWatch<PendingCall>((call, { reason }) =>
    this.giveUp(call, 'ABORTED', `was aborted: ${String(reason)}`, reason),
  );
  private readonly writer = new CallWriter();

  constructor(private readonly options: CallsOptions) {
    this.pending = Array.from({ length: options.setCount }, () => new PendingCalls());
    this.waitingReads = Array.from({ length: options.setCount }, () => new Fifo());
  }

  invoke(request: CallRequest): Promise<unknown> | void {
    if (request.face !== 'tell')
      return new Promise((resolve, reject) => this.start(request, resolve, reject));
    this.start(request, ignoreResult, this.options.onDeadLetter);
  }

  /** Runs the reads whose time has come and ends the waits whose time is up. Returns how many. */
  doWork(now: number): number {
    let work = 0;
    for (let set = 0; set < this.waitingReads.length; set++) {
      work += this.runReads(set);
      work += this.expire(set, now);
    }
    for (let call = this.deadlines.takeDue(now); call !== undefined; call = this.deadlines.takeDue(now)) {
      this.giveUp(call, 'TIMEOUT', 'was not answered in time');
      work++;
    }
    return work;
  }

  private runReads(set: number): number {
    const reads = this.waitingReads[set]!;
    let done = 0;
    for (let read = reads.first; read !== undefined && done < MOST_PER_STEP; read = reads.first) {
      if (!this.options.member.hasDelivered(set, read.mark)) break;
      reads.shift();
      if (!read.call.isSettled) read.call.settle(read.run());
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
    let next = this.deadlines.next;
    for (const calls of this.pending) next = Math.min(next, calls.nextDue);
    return next;
  }

  /** Calls made here and not yet settled. */
  get pendingCount(): number {
    return this.startedCount - this.settledCount;
  }

  /** My own message to that replica set was delivered here: its call is answered. */
  delivered(set: number, myRank: number, outcome: Outcome): void {
    const call = this.pending[set]!.take();
    if (call.gathering === undefined) call.settle(outcome);
    else this.addAnswer(call, myRank, outcome);
  }

  /** Another replica's answer to a call of mine. An unknown id belongs to a call that was given up. */
  answered(gatherId: number, rank: number, outcome: Outcome): void {
    const call = this.gatherings.get(gatherId);
    if (call !== undefined) this.addAnswer(call, rank, outcome);
  }

  /** No call will be delivered any more. */
  viewEnded(reason: string): void {
    this.pending.forEach((calls, set) => calls.failAll(this.options.member.unpublishedCount(set), reason));
    for (const call of this.gatherings.values()) {
      const didExecute = call.didExecuteIfSent;
      call.fail(new BowechoError('VIEW_ENDED', `${call.label}: ${reason}`, { didExecute }));
    }
    for (const reads of this.waitingReads) {
      for (let read = reads.shift(); read !== undefined; read = reads.shift()) {
        const { call } = read;
        call.fail(new BowechoError('VIEW_ENDED', `${call.label}: ${reason}`, { didExecute: 'no' }));
      }
    }
  }

  private start(
    request: CallRequest,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { definition, method, key, face, options } = request;
    const call = new PendingCall(this, request, resolve, reject);
    this.startedCount++;
    try {
      if (options?.signal?.aborted === true) throw abortError(call, options.signal, 'no');
      const { set, replica } = this.options.route(definition, key);
      const args = checkArguments(method, request.args);
      call.set = set.index;
      if (method.kind === 'query' && face !== 'all') {
        this.read(call, replica, args);
      } else {
        if (face === 'all') this.gather(call, set.replicas.length);
        this.send(call, args);
      }
      if (!call.isSettled) this.limit(call);
    } catch (error) {
      call.fail(error as Error);
    }
  }

  private send(call: PendingCall, args: readonly unknown[]): void {
    const { method, key } = call.request;
    const bytes = packArguments(args, method.label);
    const length = this.writer.write(method.id, key, bytes, call.gathering?.id ?? -1);
    call.ticket = this.options.member.send(call.set, this.writer.bytes, length);
    this.pending[call.set]!.add(call);
    this.options.wake();
  }

  private read(call: PendingCall, replica: Replica | undefined, args: readonly unknown[]): void {
    const { method, key, options } = call.request;
    if (replica === undefined) {
      throw new BowechoError('NOT_A_REPLICA', `${call.label}: this member holds no replica of that shard`, {
        didExecute: 'no',
      });
    }
    // The query sees what was passed, not what the caller does to it while the query waits; nor does the caller see what
    // the query does to it.
    const bytes = packArguments(args, method.label);
    const received = args.some(isObject) ? (unpack(bytes) as unknown[]) : args;
    const run = (): Outcome => replica.query(key, method, received);
    const mark = options?.read === 'local' ? undefined : this.options.member.receivedMark(call.set);
    if (mark === undefined) call.settle(run());
    else this.waitingReads[call.set]!.push({ call, mark, run });
  }

  private gather(call: PendingCall, expected: number): void {
    const id = this.gatherIds++;
    call.gathering = { id, answers: new Map(), expected };
    this.gatherings.set(id, call);
    call.whenSettled(() => this.gatherings.delete(id));
  }

  private addAnswer(call: PendingCall, rank: number, outcome: Outcome): void {
    if (!outcome.ok) {
      call.fail(outcome.error);
      return;
    }
    const { answers, expected } = call.gathering!;
    answers.set(rank, outcome.value);
    if (answers.size < expected) return;
    const inOrderOfAge = [...answers].sort(([a], [b]) => a - b);
    call.succeed(new Map(inOrderOfAge.map(([from, value]) => [this.options.memberIds[from]!, value])));
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
    const neverSent = call.ticket < 0;
    call.isWithdrawn = !neverSent && this.options.member.withdraw(call.set, call.ticket);
    if (call.isWithdrawn) this.pending[call.set]!.noteWithdrawn();
    const didExecute = neverSent || call.isWithdrawn ? 'no' : call.didExecuteIfSent;
    call.fail(new BowechoError(code, `${call.label} ${what}`, { didExecute, cause }));
  }
}

/** So that a step ends, and timers and sockets get their turn, when 100,000 calls are due at once. The next step goes on. */
const MOST_PER_STEP = 1024;

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
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
