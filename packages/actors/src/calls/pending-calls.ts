/**
 * PendingCall is one call between its sending and its settling. It settles exactly once: by its answer, its timeout, its
 * signal, or the end of the view.
 *
 * PendingCalls keeps those of one replica set in the order of sending. A member's own messages come back in that order,
 * so the call that a delivery settles is always the first, and no call id has to travel.
 */
import { BowechoError, fail, type DidExecute, type MemberIdentity } from '@bowecho/core';
import type { CallRequest } from '../definition/ref-class.js';
import type { Outcome } from './outcome.js';

/** A call whose answer every replica gives. Keys are those of `identityKey`: ranks change from view to view. */
export interface Gathering {
  readonly id: number;
  /** The replicas at the time of the call, oldest first. */
  readonly asked: readonly MemberIdentity[];
  /** Who is to answer yet: has not, and is still in the view. */
  readonly missing: Set<string>;
  readonly answers: Map<string, unknown>;
}

export class PendingCall {
  ticket = -1;
  /** When the wait ends, microseconds, for calls with the cluster's timeout; Infinity where `Deadlines` sees to it. */
  dueAt = Infinity;
  isSettled = false;
  /** Taken back before anybody saw it: no delivery will come. */
  isWithdrawn = false;
  /** My member's replica has run it. */
  isDelivered = false;
  gathering: Gathering | undefined;
  /** Who makes the call in my member's name; undefined where I make it myself, or nobody is asked at the moment. */
  forwardedTo: MemberIdentity | undefined;
  /**
   * When it was first sent, microseconds, of a call that is sent once more by its idempotency key; -1: it is not. What a later try
   * ends with says nothing of the first.
   */
  triedSince = -1;
  /** The id under which other members answer it; -1: they do not. */
  awaitedAs = -1;
  /** Index of the replica set. */
  set = -1;
  private onSettled: (() => void) | undefined;

  constructor(
    private readonly owner: { settledCount: number },
    readonly request: CallRequest,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  /** `actor.method of "key"`, for error sentences. */
  get label(): string {
    return `${this.request.method.label} of ${JSON.stringify(this.request.key)}`;
  }

  /** The idempotency key of a command; queries have no use for one. */
  get idempotencyKey(): string | undefined {
    const { method, options } = this.request;
    return method.kind === 'command' ? options?.idempotencyKey : undefined;
  }

  /** What is known of a call that was sent and is given up before its answer is complete. */
  get didExecuteIfSent(): DidExecute {
    if (this.request.method.kind === 'query') return 'no';
    // What one replica delivered, none that stays will miss.
    return this.gathering !== undefined && this.gathering.answers.size > 0 ? 'yes' : 'unknown';
  }

  /** Has `action` run once the call is settled, to let go of what waited for it. */
  whenSettled(action: () => void): void {
    const next = this.onSettled;
    this.onSettled = next === undefined ? action : () => (next(), action());
  }

  succeed(value: unknown): void {
    if (this.finish()) this.resolve(value);
  }

  fail(error: Error): void {
    if (this.finish()) this.reject(error);
  }

  settle(outcome: Outcome): void {
    if (outcome.ok) this.succeed(outcome.value);
    else this.fail(outcome.error);
  }

  private finish(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.owner.settledCount++;
    this.onSettled?.();
    return true;
  }
}

export class PendingCalls {
  /** Oldest at `first`; places before it are empty, so that a settled call and its result can go. */
  private calls: (PendingCall | undefined)[] = [];
  private first = 0;
  /** Before this one all calls are past their time, settled, or without one. */
  private unexpired = 0;
  /** How many that were taken back still have a place. */
  private withdrawn = 0;

  add(call: PendingCall): void {
    this.calls.push(call);
  }

  /** The call that the next delivery of mine answers. */
  take(): PendingCall {
    for (;;) {
      const call = this.calls[this.first];
      if (call === undefined) fail('a message of mine was delivered that no call waits for');
      this.calls[this.first] = undefined;
      this.first++;
      if (this.first >= COMPACT_AT && this.first * 2 > this.calls.length) {
        this.calls = this.calls.slice(this.first);
        this.unexpired = Math.max(0, this.unexpired - this.first);
        this.first = 0;
      }
      if (!call.isWithdrawn) return call;
      this.withdrawn--;
    }
  }

  /**
   * Notes that a call was taken back. While nothing is delivered nothing is taken, and callers that try again and again
   * must not fill the memory.
   */
  noteWithdrawn(): void {
    this.withdrawn++;
    if (this.withdrawn < COMPACT_AT || this.withdrawn * 2 < this.calls.length - this.first) return;
    this.calls = this.calls.slice(this.first).filter(call => call?.isWithdrawn === false);
    this.first = this.unexpired = this.withdrawn = 0;
  }

  /** The soonest `dueAt` of those that still wait. All have the same timeout, so the oldest is due first. */
  get nextDue(): number {
    const { calls } = this;
    let i = Math.max(this.unexpired, this.first);
    while (i < calls.length && (calls[i]!.isSettled || calls[i]!.dueAt === Infinity)) i++;
    this.unexpired = i;
    return calls[i]?.dueAt ?? Infinity;
  }

  /** A call that is due at `now`, or undefined. It keeps its place: its delivery may still come. */
  nextExpired(now: number): PendingCall | undefined {
    return this.nextDue <= now ? this.calls[this.unexpired++] : undefined;
  }

  /**
   * Fails all of them, because this member is in no view any more.
   *
   * @param delivered how many of the oldest the others deliver, and surely none of the rest; undefined: nobody here can know
   * @param unpublished how many of the newest were seen by nobody, which surely did nothing
   */
  failAll(delivered: number | undefined, unpublished: number, reason: string): void {
    const waiting = this.calls.filter(call => call !== undefined).filter(call => !call.isWithdrawn);
    const mayBeSeen = delivered ?? waiting.length - unpublished;
    waiting.forEach((call, i) => {
      const ifSeen =
        delivered !== undefined && call.didExecuteIfSent === 'unknown' ? 'yes' : call.didExecuteIfSent;
      call.fail(viewEnded(call, i < mayBeSeen ? ifSeen : 'no', reason));
    });
    this.calls = [];
    this.first = this.unexpired = this.withdrawn = 0;
  }
}

/** This member is in no view any more, and will not hear how that call ends. */
export function viewEnded({ label }: PendingCall, didExecute: DidExecute, reason: string): BowechoError {
  return new BowechoError('VIEW_ENDED', `${label} ${WHAT_IS_TRUE[didExecute]}: ${reason}`, { didExecute });
}

const WHAT_IS_TRUE: Readonly<Record<DidExecute, string>> = {
  yes: 'is executed, but its answer is not known here',
  no: 'changed nothing and never will',
  unknown: 'may be executed or not, which nobody here can know',
};

const COMPACT_AT = 1024;
