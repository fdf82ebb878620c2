/**
 * Forwarding is the part of the calls that crosses members, over the control channel. What my member cannot do itself,
 * because it holds no replica or may not send to it, is forwarded to one that can; that one makes the call in my name and
 * answers how it ended, `didExecute` included. Here are both sides of that, and the answers of all replicas to a call by
 * `$all`, which come by the same way.
 *
 * Calls that cannot be forwarded at the moment, because the view changes or the way is broken, wait in the order of
 * calling. All calls to a replica set go to one member for as long as that is there, and to the next one only when
 * nothing is under way to it: so their order is kept.
 *
 * The way may break, or a member be lost, and then nobody knows what was lost on the way: who waits for an answer is told so.
 * A command with an idempotency key is sent once more instead, in its place of the order, for as long as its caller waits: it
 * runs once, however often it arrives. What its caller is told in the end has to be true of all its tries.
 */
import { BowechoError, type ErrorCode, type Member, type MemberIdentity } from '@bowecho/core';
import { identityKey } from '../control/identity-key.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import type { CallRequest } from '../definition/ref-class.js';
import { ActorError } from '../errors.js';
import { Departures } from './departures.js';
import { encodeMemberMessage, type AnswerMessage, type ForwardMessage } from './member-message.js';
import { errorOfThrow, type Outcome } from './outcome.js';
import { PendingCall, viewEnded } from './pending-calls.js';

export interface ForwardingOptions {
  readonly member: Member;
  /** How many replica sets there are. */
  readonly setCount: number;
  /** Bytes of forwarded calls that may be unanswered. */
  readonly queueBytes: number;
  /** Milliseconds that a call without a `timeout` of its own waits. */
  readonly callTimeout: number;
  /** Microseconds since 1970, never falling. */
  readonly now: () => number;
  /** Something was queued: the member should take a turn soon. */
  readonly wake: () => void;
}

/** A call that is to be forwarded. */
interface WaitingForward {
  readonly call: PendingCall;
  readonly isRead: boolean;
  /** As it is sent the first time. */
  readonly message: ForwardMessage;
  /** In the order of calling. */
  readonly place: number;
  /** When it was called, microseconds. */
  readonly since: number;
  /** When its time is up, microseconds. */
  readonly dueAt: number;
}

export class Forwarding {
  /** Who is about to leave. */
  readonly departures: Departures;
  /** Calls that other members answer, by the id that travels. */
  private readonly awaited = new Map<number, PendingCall>();
  private nextId = 0;
  /** Bytes of forwarded calls that are not answered, those that wait to be sent included. */
  private unansweredBytes = 0;
  /** By replica set, in the order of calling: what could not be sent yet. */
  private readonly waiting: readonly Set<WaitingForward>[];
  private nextPlace = 0;
  /** Commands with an idempotency key, sent or not: what is lost of them is sent once more. */
  private readonly repeatable = new Map<PendingCall, WaitingForward>();
  /** There was no way; tried again then, microseconds. Infinity: with every step. */
  private retryAt = Infinity;
  /** By replica set, for commands and for reads: whom calls go to. */
  private readonly targets = new Map<string, MemberIdentity>();
  /** By `identityKey`: how many calls that member has still to answer. */
  private readonly owed = new Map<string, number>();
  /** Calls that I make for others: by `forwardKeyOf` the caller and its id. */
  private readonly forOthers = new Map<string, PendingCall>();

  constructor(private readonly options: ForwardingOptions) {
    this.waiting = Array.from({ length: options.setCount }, () => new Set<WaitingForward>());
    this.departures = new Departures(options.member, key => this.owed.has(key));
  }

  /** Whether this member may leave: nobody owes it an answer, and it owes nobody one. */
  get isFree(): boolean {
    return this.awaited.size === 0 && this.departures.isFree;
  }

  /** When `doWork` must come though nothing happened: microseconds, or Infinity. */
  get nextDeadline(): number {
    return this.retryAt;
  }

  /**
   * Has another member make the call, now or as soon as there is one that can.
   *
   * @param isRead whether any replica can make it, not only those that may send
   * @param type index of the actor type among the cluster's
   * @param args as `packArguments` gives them
   * @throws BowechoError `TOO_LARGE`, `OVERLOADED`; nothing was sent then
   */
  forward(call: PendingCall, isRead: boolean, type: number, args: Uint8Array): void {
    const { callTimeout, queueBytes, now } = this.options;
    const { method, key, face, options } = call.request;
    const id = this.newId();
    const timeout = options?.timeout ?? callTimeout;
    const message: ForwardMessage = {
      kind: 'forward',
      id,
      type,
      method: method.id,
      key,
      face,
      isLocalRead: options?.read === 'local',
      timeout: Math.ceil(timeout),
      args: new Uint8Array(args), // the packer that gave them uses their memory again
      idempotencyKey: call.idempotencyKey,
      triedSince: -1,
    };
    const bytes = encodeMemberMessage(message);
    if (bytes.length > MOST_MESSAGE_BYTES || this.unansweredBytes + bytes.length > queueBytes)
      throw noRoom(call, bytes.length, this.unansweredBytes, queueBytes);
    this.unansweredBytes += bytes.length;
    this.await(call, id);
    call.whenSettled(() => (this.unansweredBytes -= bytes.length));
    const waiting = this.waiting[call.set]!;
    const wasSent = waiting.size === 0 && this.send(call, isRead, () => bytes);
    if (wasSent && message.idempotencyKey === undefined) return;
    const since = now();
    const item = { call, isRead, message, place: this.nextPlace++, since, dueAt: since + timeout * 1000 };
    if (!wasSent) waiting.add(item);
    if (message.idempotencyKey !== undefined) this.repeatable.set(call, item);
    call.whenSettled(() => {
      waiting.delete(item);
      this.repeatable.delete(call);
    });
  }

  /** Sends what waits and can go. Returns how many. */
  doWork(now: number): number {
    this.departures.doWork();
    if (this.unansweredBytes === 0 || this.options.member.state !== 'running') {
      this.retryAt = Infinity;
      return 0;
    }
    if (now < this.retryAt && this.retryAt < Infinity) return 0;
    this.retryAt = Infinity;
    let count = 0;
    for (const waiting of this.waiting) if (waiting.size > 0) count += this.sendWaiting(waiting, now);
    return count;
  }

  private sendWaiting(waiting: Set<WaitingForward>, now: number): number {
    let count = 0;
    for (const item of waiting) {
      const { call, isRead, message, dueAt } = item;
      const timeout = Math.max(1, Math.ceil((dueAt - now) / 1000));
      const { awaitedAs: id, triedSince } = call;
      const encode = (): Uint8Array => encodeMemberMessage({ ...message, id, timeout, triedSince });
      if (count === MOST_PER_STEP || !this.send(call, isRead, encode)) break;
      waiting.delete(item);
      count++;
    }
    return count;
  }

  /** False: it must wait. */
  private send(call: PendingCall, isRead: boolean, encode: () => Uint8Array): boolean {
    const { member, now } = this.options;
    if (member.state !== 'running') return false;
    const target = this.targetOf(call.set, isRead);
    if (target === undefined) return false;
    if (!member.sendMessage(target, encode())) {
      this.retryAt = now() + RETRY_MICROS;
      return false;
    }
    const key = identityKey(target);
    call.forwardedTo = target;
    this.owed.set(key, (this.owed.get(key) ?? 0) + 1);
    if (call.triedSince < 0) call.whenSettled(() => this.isOwedNoMore(call));
    return true;
  }

  private isOwedNoMore({ forwardedTo }: PendingCall): void {
    if (forwardedTo === undefined) return;
    const key = identityKey(forwardedTo);
    const count = this.owed.get(key)! - 1;
    if (count > 0) this.owed.set(key, count);
    else this.owed.delete(key);
  }

  /** Nobody will hear how these calls ended, of which each was sent: they are sent once more where they can be, and fail else. */
  private lost(calls: readonly PendingCall[], reason: string): void {
    for (const call of calls) if (!this.repeatable.has(call)) call.fail(memberLost(call, reason));
    this.repeat(calls.filter(call => this.repeatable.has(call)));
  }

  /** Sends calls once more: after what was called before each of them, and before what was called later. */
  private repeat(calls: readonly PendingCall[]): void {
    if (calls.length === 0) return;
    const sets = new Set<number>();
    for (const call of calls) {
      const item = this.repeatable.get(call)!;
      this.isOwedNoMore(call);
      call.forwardedTo = undefined;
      if (call.triedSince < 0) call.triedSince = item.since;
      this.awaited.delete(call.awaitedAs);
      call.awaitedAs = this.newId(); // an answer to the lost try is none to this one
      this.awaited.set(call.awaitedAs, call);
      this.waiting[call.set]!.add(item);
      sets.add(call.set);
    }
    for (const set of sets) {
      const waiting = this.waiting[set]!;
      const inOrder = [...waiting].sort((a, b) => a.place - b.place);
      waiting.clear();
      for (const item of inOrder) waiting.add(item);
    }
    this.retryAt = this.options.now() + RETRY_MICROS; // who refuses it is there until the view changes
    this.options.wake();
  }

  /** Members spread over those who can; undefined while there is none. */
  private targetOf(set: number, isRead: boolean): MemberIdentity | undefined {
    const { departures, targets } = this;
    const name = `${isRead ? 'reads' : 'commands'} of ${set}`;
    const before = targets.get(name);
    if (before !== undefined) {
      const key = identityKey(before);
      if (!departures.isLeaving(key)) return before;
      if (this.owed.has(key)) return undefined; // what was sent there comes first
    }
    const { view, myRank } = this.options.member;
    const { replicas, senders } = view.sets[set]!;
    const able = (isRead ? replicas : senders)
      .map(rank => view.members[rank]!)
      .filter(member => !departures.isLeaving(identityKey(member)));
    const target = able[myRank % able.length];
    if (target !== undefined) targets.set(name, target);
    return target;
  }

  /** Tells who makes a forwarded call that nobody waits for it any more. If that is lost, so is the answer. */
  takeBack({ forwardedTo, awaitedAs }: PendingCall): void {
    this.options.member.sendMessage(forwardedTo!, encodeMemberMessage({ kind: 'withdraw', id: awaitedAs }));
  }

  /** Has the call wait for an answer of each replica of its set. */
  gather(call: PendingCall): void {
    const { view } = this.options.member;
    const asked = view.sets[call.set]!.replicas.map(rank => view.members[rank]!);
    const id = this.newId();
    call.gathering = { id, asked, answers: new Map(), missing: new Set(asked.map(identityKey)) };
    this.await(call, id);
  }

  /** One replica's answer to a call that waits for all of them. */
  addAnswer(call: PendingCall, from: MemberIdentity, outcome: Outcome): void {
    const { missing, answers } = call.gathering!;
    const key = identityKey(from);
    if (!missing.delete(key)) return; // it has answered, or was not asked
    call.isDelivered = true;
    if (!outcome.ok) {
      call.fail(outcome.error);
      return;
    }
    answers.set(key, outcome.value);
    if (missing.size === 0) succeedWithAnswers(call);
  }

  /** Another member's answer to a call of mine. An unknown id belongs to a call that was given up. */
  answered(from: MemberIdentity, { id, outcome, isRefusal }: AnswerMessage): void {
    const call = this.awaited.get(id);
    if (call === undefined) return;
    if (call.gathering !== undefined) this.addAnswer(call, from, outcome);
    else if (!isSame(call.forwardedTo, from)) return;
    else if (outcome.ok || !isRefusal) call.settle(outcome);
    else if (this.repeatable.has(call) && MEMBER_IS_GOING.has(outcome.error.code)) this.repeat([call]);
    else call.fail(call.triedSince < 0 ? outcome.error : ofAllTries(outcome.error));
  }

  /**
   * The way to that member, or from it, broke: what it was to answer may be lost. Calls by `$all` go on waiting: the
   * view may change, and then they do without it.
   */
  wayBroke(identity: MemberIdentity, reason: string): void {
    this.departures.forget(identityKey(identity));
    const calls = [...this.awaited.values()];
    this.lost(
      calls.filter(({ forwardedTo }) => isSame(forwardedTo, identity)),
      reason,
    );
  }

  /** A view was entered: nobody answers any more who is not in it. */
  viewEntered(): void {
    const { view } = this.options.member;
    const present = new Set(view.members.map(identityKey));
    for (const [name, target] of this.targets)
      if (!present.has(identityKey(target))) this.targets.delete(name);
    this.departures.keepOnly(present);
    const calls = [...this.awaited.values()];
    for (const call of calls) {
      const { gathering } = call;
      if (gathering === undefined) continue;
      for (const key of gathering.missing) if (!present.has(key)) gathering.missing.delete(key);
      if (gathering.missing.size === 0) succeedWithAnswers(call);
    }
    this.lost(
      calls.filter(({ forwardedTo }) => forwardedTo && !present.has(identityKey(forwardedTo))),
      `it is not in view ${view.vid} any more`,
    );
  }

  /** This member is in no view any more: nobody will answer. */
  ended(reason: string): void {
    for (const call of [...this.awaited.values()]) {
      const { gathering, forwardedTo, triedSince } = call;
      const wasSent = gathering !== undefined || forwardedTo !== undefined || triedSince >= 0;
      call.fail(viewEnded(call, wasSent ? call.didExecuteIfSent : 'no', reason));
    }
  }

  /**
   * A call that another member forwarded, to be made here. Its end is answered there.
   *
   * @returns undefined if there is no such method, which has been answered
   */
  callFor(
    owner: { settledCount: number },
    from: MemberIdentity,
    message: ForwardMessage,
    definition: ActorDefinition,
  ): PendingCall | undefined {
    const { id, key, face, isLocalRead, timeout, idempotencyKey } = message;
    const method = definition.methods[message.method];
    const changesState = method?.kind !== 'query';
    const answer = (outcome: Outcome, isRefusal: boolean): void =>
      this.answer(from, id, outcome, changesState, isRefusal);
    if (method === undefined) {
      const sentence = `no method ${message.method} of actor '${definition.name}'`;
      answer({ ok: false, error: new BowechoError('ACTOR_UNKNOWN', sentence, { didExecute: 'no' }) }, true);
      return undefined;
    }
    const options: CallRequest['options'] = {
      timeout,
      ...(isLocalRead && { read: 'local' }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    };
    const call: PendingCall = new PendingCall(
      owner,
      { definition, method, key, args: [], face, options },
      value => answer({ ok: true, value }, false),
      error => {
        const outcome = isOutcome(error) ? error : errorOfThrow(error, 'unknown');
        answer({ ok: false, error: outcome }, !call.isDelivered);
      },
    );
    call.triedSince = message.triedSince;
    const forwardKey = forwardKeyOf(from, id);
    this.forOthers.set(forwardKey, call);
    call.whenSettled(() => this.forOthers.delete(forwardKey));
    return call;
  }

  /** The call that I make for that member under its id; undefined if it has ended. */
  madeFor(from: MemberIdentity, id: number): PendingCall | undefined {
    return this.forOthers.get(forwardKeyOf(from, id));
  }

  /**
   * Tells another member how a call of its ended here. If the way there is broken, or it is in no view with me any more,
   * nobody hears it; that member is told of its end, too.
   *
   * @param changesState whether the call was one of a command, and no query
   * @param isRefusal whether no replica has run it here
   */
  answer(to: MemberIdentity, id: number, outcome: Outcome, changesState: boolean, isRefusal = false): void {
    const bytes = encodeMemberMessage({ kind: 'answer', id, outcome, isRefusal });
    if (bytes.length <= MOST_MESSAGE_BYTES) this.options.member.sendMessage(to, bytes);
    else {
      const sentence = `the answer has ${bytes.length} bytes, and between members at most ${MOST_MESSAGE_BYTES} may travel`;
      const ofCommand = outcome.ok ? 'yes' : (outcome.error.didExecute ?? 'unknown');
      const error = new BowechoError('TOO_LARGE', sentence, { didExecute: changesState ? ofCommand : 'no' });
      this.answer(to, id, { ok: false, error }, changesState);
    }
  }

  /** One that no call has which still waits. It begins again from 0 where it would no longer fit into a message. */
  private newId(): number {
    let id = this.nextId;
    while (this.awaited.has(id)) id = (id + 1) % ID_LIMIT;
    this.nextId = (id + 1) % ID_LIMIT;
    return id;
  }

  private await(call: PendingCall, id: number): void {
    call.awaitedAs = id;
    this.awaited.set(id, call);
    call.whenSettled(() => this.awaited.delete(call.awaitedAs));
  }
}

/** A call message has 32 bits for the id of its answers. */
const ID_LIMIT = 2 ** 32;

/** What may travel between two members beside the fabric, bytes: less than the control channel refuses. */
const MOST_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Where there was no way to a member, it is tried again so much later. */
const RETRY_MICROS = 10_000;

/** A member refuses calls so because it goes, or because the view changes: another one, or the same one later, may take them. */
const MEMBER_IS_GOING: ReadonlySet<string> = new Set<ErrorCode>([
  'CLOSED',
  'HALTED',
  'VIEW_ENDED',
  'NOT_A_REPLICA',
]);

/** So that a step ends, however many calls have waited for a view. */
const MOST_PER_STEP = 1024;

/** Of all answers there are, those of replicas too that have left since. */
function succeedWithAnswers(call: PendingCall): void {
  const { asked, answers } = call.gathering!;
  const given = asked
    .map(member => [member, identityKey(member)] as const)
    .filter(([, key]) => answers.has(key));
  call.succeed(new Map(given.map(([{ id }, key]) => [id, answers.get(key)])));
}

function isSame(a: MemberIdentity | undefined, b: MemberIdentity): boolean {
  return a?.id === b.id && a.incarnation === b.incarnation;
}

/** Whether an error says already what is true of the command. */
function isOutcome(error: Error): error is ActorError | BowechoError {
  return error instanceof ActorError || error instanceof BowechoError;
}

function forwardKeyOf(from: MemberIdentity, id: number): string {
  return `${identityKey(from)}/${id}`;
}

function noRoom({ label }: PendingCall, bytes: number, before: number, most: number): BowechoError {
  const [code, sentence] =
    bytes > MOST_MESSAGE_BYTES
      ? (['TOO_LARGE', `${bytes} bytes to forward, at most ${MOST_MESSAGE_BYTES} may travel`] as const)
      : (['OVERLOADED', `${before} bytes of forwarded calls are unanswered, of at most ${most}`] as const);
  return new BowechoError(code, `${label}: ${sentence}`, { didExecute: 'no' });
}

/** What is true of a call whose last try was refused so, and whose tries before were lost. */
function ofAllTries(error: ActorError | BowechoError): Error {
  if (error instanceof ActorError || error.didExecute !== 'no') return error;
  const sentence = `${error.message}; but a try before it was lost, and may have been made`;
  return new BowechoError(error.code, sentence, { didExecute: 'unknown' });
}

function memberLost(call: PendingCall, reason: string): BowechoError {
  const sentence = `${call.label}: the answer of '${call.forwardedTo!.id}' may be lost: ${reason}`;
  return new BowechoError('MEMBER_LOST', sentence, { didExecute: call.didExecuteIfSent });
}
