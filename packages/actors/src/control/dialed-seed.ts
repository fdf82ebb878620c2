/**
 * DialedSeed is this member's way to one seed. It dials until a member answers, and dials again when that connection ends.
 * Waits between dials double, and vary by chance so that members who lost the same seed do not come back all at once.
 */
import { assert, type MemberIdentity } from '@bowecho/core';
import type { Address } from './address.js';
import { DialedConnection, type DialOptions } from './dialed-connection.js';
import type { Greeting } from './greeting.js';

/** Who owns the way. Called from events of sockets and timers, never in the middle of a call. */
export interface DialedSeedEvents {
  answered(seed: DialedSeed, theirs: Greeting): void;
  /** A dial failed; not told twice in a row in the same words. `isNobody`: its machine said that nobody listens there. */
  unanswered(seed: DialedSeed, problem: string, isNobody: boolean): void;
  /** The connection to a member that had answered ended. */
  lost(seed: DialedSeed, member: MemberIdentity, reason: string): void;
}

/** A connection that lasted so long worked, so that the next dial may come soon. */
const LASTED_MILLIS = 1_000;

export class DialedSeed {
  private connection: DialedConnection | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private retryMillis: number;
  private answeredAt = 0;
  private lastProblem: string | undefined;
  private isClosed = false;

  /**
   * @param name the seed as the configuration names it
   * @param address the same, read
   */
  constructor(
    readonly name: string,
    private readonly address: Address,
    private readonly options: DialOptions,
    private readonly events: DialedSeedEvents,
  ) {
    this.retryMillis = options.limits.firstRetryMillis;
  }

  /** Whose way it is at the moment. */
  get member(): MemberIdentity | undefined {
    return this.connection?.member;
  }

  /** Dials, now and whenever it must be dialed again. */
  readonly dial = (): void => {
    assert(this.connection === undefined, `the seed ${this.name} is connected already`);
    this.connection = new DialedConnection(this.address, this.options, {
      answered: this.onAnswered,
      ended: this.onEnded,
    });
  };

  /** Sends the pieces of a frame. False: there is no way at the moment, and nothing was sent. */
  send(pieces: readonly Uint8Array[]): boolean {
    return this.connection?.send(pieces) ?? false;
  }

  /** Ends the connection after what was sent; no event is called any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retryTimer);
    await this.connection?.close();
  }

  private readonly onAnswered = (theirs: Greeting): void => {
    if (this.isClosed) return;
    this.answeredAt = performance.now();
    this.lastProblem = undefined;
    this.events.answered(this, theirs);
  };

  private readonly onEnded = (
    reason: string,
    member: MemberIdentity | undefined,
    isNobody: boolean,
  ): void => {
    this.connection = undefined;
    if (this.isClosed) return;
    if (member !== undefined && performance.now() - this.answeredAt >= LASTED_MILLIS) {
      this.retryMillis = this.options.limits.firstRetryMillis;
    }
    this.retryLater();
    if (member !== undefined) {
      this.events.lost(this, member, reason);
    } else if (reason !== this.lastProblem) {
      this.lastProblem = reason;
      this.events.unanswered(this, reason, isNobody);
    }
  };

  private retryLater(): void {
    const delay = this.retryMillis * (0.75 + Math.random() / 2);
    this.retryMillis = Math.min(2 * this.retryMillis, this.options.limits.lastRetryMillis);
    // The control port keeps the process alive while the channel is open.
    this.retryTimer = setTimeout(this.dial, delay).unref();
  }
}
