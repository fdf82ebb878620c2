/**
 * Forwarding is the part of the calls that crosses members, over the control channel. What my member cannot do itself,
 * because it holds no replica or may not send to it, is forwarded to one that can; that one makes the call in my name and
 * answers how it ended, `didExecute` included. Here are both sides of that, and the answers of all replicas to a call by
 * `$all`, which come by the same way.
 *
 * The way may break, and then nobody knows what was lost on it: who waits for an answer is told so.
 */
import { BowechoError, type Member } from '@bowecho/core';
import type { ActorDefinition } from '../definition/actor-definition.js';
import type { CallRequest } from '../definition/ref-class.js';
import { ActorError } from '../errors.js';
import { encodeMemberMessage, type ForwardMessage } from './member-message.js';
import { errorOfThrow, type Outcome } from './outcome.js';
import { PendingCall } from './pending-calls.js';

export interface ForwardingOptions {
  readonly member: Member;
  readonly myRank: number;
  /** By rank: the members' ids. */
  readonly memberIds: readonly string[];
  /** Bytes of forwarded calls that may be unanswered; also what one message to another member may have. */
  readonly queueBytes: number;
  /** Milliseconds that a call without a `timeout` of its own waits. */
  readonly callTimeout: number;
}

export class Forwarding {
  /** Calls that other members answer, by the id that travels. */
  private readonly awaited = new Map<number, PendingCall>();
  private nextId = 0;
  /** Bytes of forwarded calls that are not answered. */
  private unansweredBytes = 0;
  /** Calls that I make for others: by `forwardKey` of the caller's rank and id. */
  private readonly forOthers = new Map<string, PendingCall>();

  constructor(private readonly options: ForwardingOptions) {}

  /** Whether others still make calls in this member's name. */
  get hasForwarded(): boolean {
    return this.unansweredBytes > 0;
  }

  /**
   * Has another member make the call. Members spread over those who can; each member's calls take one way, so their order
   * is kept.
   *
   * @param able ranks of the members that can make it
   * @param type index of the actor type among the cluster's
   * @param args as `packArguments` gives them
   * @throws BowechoError `TOO_LARGE`, `OVERLOADED`, `MEMBER_LOST`; nothing was sent then
   */
  forward(call: PendingCall, able: readonly number[], type: number, args: Uint8Array): void {
    const { member, memberIds, myRank, callTimeout, queueBytes } = this.options;
    const { method, key, face, options } = call.request;
    const rank = able[myRank % able.length]!;
    const id = this.newId();
    const timeout = Math.ceil(options?.timeout ?? callTimeout);
    const isLocalRead = options?.read === 'local';
    const bytes = encodeMemberMessage({
      kind: 'forward',
      id,
      type,
      method: method.id,
      key,
      face,
      isLocalRead,
      timeout,
      args,
    });
    if (bytes.length > MOST_MESSAGE_BYTES || this.unansweredBytes + bytes.length > queueBytes)
      throw noRoom(call, bytes.length, this.unansweredBytes, queueBytes);
    if (!member.sendMessage(rank, bytes)) throw noWay(call, memberIds[rank]!);
    call.forwardedTo = rank;
    this.unansweredBytes += bytes.length;
    this.await(call, id);
    call.whenSettled(() => (this.unansweredBytes -= bytes.length));
  }

  /** Tells who makes a forwarded call that nobody waits for it any more. If that is lost, so is the answer. */
  takeBack({ forwardedTo, awaitedAs }: PendingCall): void {
    this.options.member.sendMessage(forwardedTo, encodeMemberMessage({ kind: 'withdraw', id: awaitedAs }));
  }

  /** Has the call wait for an answer of each of those replicas. */
  gather(call: PendingCall, replicas: readonly number[]): void {
    const id = this.newId();
    call.gathering = { id, answers: new Map(), replicas };
    this.await(call, id);
  }

  /** One replica's answer to a call that waits for all of them. */
  addAnswer(call: PendingCall, rank: number, outcome: Outcome): void {
    if (!outcome.ok) {
      call.fail(outcome.error);
      return;
    }
    const { answers, replicas } = call.gathering!;
    answers.set(rank, outcome.value);
    if (answers.size < replicas.length) return;
    const inOrderOfAge = [...answers].sort(([a], [b]) => a - b);
    call.succeed(new Map(inOrderOfAge.map(([from, value]) => [this.options.memberIds[from]!, value])));
  }

  /** Another member's answer to a call of mine. An unknown id belongs to a call that was given up. */
  answered(id: number, rank: number, outcome: Outcome): void {
    const call = this.awaited.get(id);
    if (call === undefined) return;
    if (call.gathering !== undefined) this.addAnswer(call, rank, outcome);
    else if (call.forwardedTo === rank) call.settle(outcome);
  }

  /** What that member was to answer may be lost. */
  memberLost(rank: number, reason: string): void {
    for (const call of [...this.awaited.values()]) {
      const { gathering, forwardedTo } = call;
      const isAwaited = gathering?.replicas.includes(rank) === true && !gathering.answers.has(rank);
      if (forwardedTo !== rank && !isAwaited) continue;
      const sentence = `${call.label}: the answer of '${this.options.memberIds[rank]}' may be lost: ${reason}`;
      call.fail(new BowechoError('MEMBER_LOST', sentence, { didExecute: call.didExecuteIfSent }));
    }
  }

  /** Nobody will answer any more. */
  viewEnded(reason: string): void {
    for (const call of [...this.awaited.values()]) {
      const didExecute = call.didExecuteIfSent;
      call.fail(new BowechoError('VIEW_ENDED', `${call.label}: ${reason}`, { didExecute }));
    }
  }

  /**
   * A call that another member forwarded, to be made here. Its end is answered there.
   *
   * @returns undefined if there is no such method, which has been answered
   */
  callFor(
    owner: { settledCount: number },
    fromRank: number,
    message: ForwardMessage,
    definition: ActorDefinition,
  ): PendingCall | undefined {
    const { id, key, face, isLocalRead, timeout } = message;
    const method = definition.methods[message.method];
    const changesState = method?.kind !== 'query';
    const answer = (outcome: Outcome): void => this.answer(fromRank, id, outcome, changesState);
    if (method === undefined) {
      const sentence = `no method ${message.method} of actor '${definition.name}'`;
      answer({ ok: false, error: new BowechoError('ACTOR_UNKNOWN', sentence, { didExecute: 'no' }) });
      return undefined;
    }
    const options: CallRequest['options'] = { timeout, ...(isLocalRead && { read: 'local' }) };
    const call = new PendingCall(
      owner,
      { definition, method, key, args: [], face, options },
      value => answer({ ok: true, value }),
      error => answer({ ok: false, error: isOutcome(error) ? error : errorOfThrow(error, 'unknown') }),
    );
    const forwardKey = forwardKeyOf(fromRank, id);
    this.forOthers.set(forwardKey, call);
    call.whenSettled(() => this.forOthers.delete(forwardKey));
    return call;
  }

  /** The call that I make for that member under its id; undefined if it has ended. */
  madeFor(fromRank: number, id: number): PendingCall | undefined {
    return this.forOthers.get(forwardKeyOf(fromRank, id));
  }

  /**
   * Tells another member how a call of its ended here. If the way there is broken nobody hears it; that member is told
   * of its end, too.
   *
   * @param changesState whether the call was one of a command, and no query
   */
  answer(rank: number, id: number, outcome: Outcome, changesState: boolean): void {
    const bytes = encodeMemberMessage({ kind: 'answer', id, outcome });
    if (bytes.length <= MOST_MESSAGE_BYTES) this.options.member.sendMessage(rank, bytes);
    else {
      const sentence = `the answer has ${bytes.length} bytes, and between members at most ${MOST_MESSAGE_BYTES} may travel`;
      const ofCommand = outcome.ok ? 'yes' : (outcome.error.didExecute ?? 'unknown');
      const error = new BowechoError('TOO_LARGE', sentence, { didExecute: changesState ? ofCommand : 'no' });
      this.answer(rank, id, { ok: false, error }, changesState);
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
    call.whenSettled(() => this.awaited.delete(id));
  }
}

/** A call message has 32 bits for the id of its answers. */
const ID_LIMIT = 2 ** 32;

/** What may travel between two members beside the fabric, bytes: less than the control channel refuses. */
const MOST_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Whether an error says already what is true of the command. */
function isOutcome(error: Error): error is ActorError | BowechoError {
  return error instanceof ActorError || error instanceof BowechoError;
}

function forwardKeyOf(rank: number, id: number): string {
  return `${rank}/${id}`;
}

function noRoom({ label }: PendingCall, bytes: number, before: number, most: number): BowechoError {
  const [code, sentence] =
    bytes > MOST_MESSAGE_BYTES
      ? (['TOO_LARGE', `${bytes} bytes to forward, at most ${MOST_MESSAGE_BYTES} may travel`] as const)
      : (['OVERLOADED', `${before} bytes of forwarded calls are unanswered, of at most ${most}`] as const);
  return new BowechoError(code, `${label}: ${sentence}`, { didExecute: 'no' });
}

function noWay({ label }: PendingCall, id: string): BowechoError {
  const sentence = `${label}: there is no way to '${id}', who holds a replica`;
  return new BowechoError('MEMBER_LOST', sentence, { didExecute: 'no' });
}
