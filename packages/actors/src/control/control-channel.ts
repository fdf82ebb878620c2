/**
 * ControlChannel is how members meet and talk beside the fabric: reliable, in order per pair of members, slow, and never
 * on the path of an ordered message. Founders exchange greetings over it, members the keys of their memory and what their
 * applications have to say to each other.
 *
 * Every member listens at one address and dials every seed, its own too: the seed that answers with my own incarnation is
 * me, whatever it is called. A dial is tried again until it is answered by a member that takes part, or the channel is
 * closed. There are two: `InProcessControl` for members of one process,
 * `TcpControlChannel` for all others.
 */
import type { ControlMessage, MemberIdentity } from '@bowecho/core';
import type { Greeting } from './greeting.js';

/** What a member says to a greeting: its own, or in words why it has nothing to do with the greeter. */
export type Answer = { readonly greeting: Greeting } | { readonly refusal: string };

/** What a process on its way into the group and the members that teach it say: transfer/transfer-message.ts. */
export interface TransferBytes {
  readonly kind: 'transfer';
  readonly from: MemberIdentity;
  readonly bytes: Uint8Array;
}

/** All that is said between processes that have greeted each other. */
export type ChannelMessage = ControlMessage | TransferBytes;

/** Who uses the channel. It is called later than the call that caused it, never in the middle of one. */
export interface ControlHandler {
  /** Somebody dialed me. What I answer decides whether its messages will be received. */
  greeted(theirs: Greeting): Answer;
  /** The process at `seed`, perhaps myself, answered my dial with its greeting. */
  answered(seed: string, theirs: Greeting): void;
  /**
   * A dial of `seed` failed, in words; it is tried again. Not called twice in a row with the same words.
   *
   * @param isNobody whether its machine said that nobody listens there
   */
  unanswered(seed: string, problem: string, isNobody: boolean): void;
  /** A message of a member whose greeting I answered with mine. */
  received(message: ChannelMessage): void;
  /** My way to a member that had answered broke, in words; it is dialed again. What was sent last may be lost. */
  lost(member: MemberIdentity, reason: string): void;
  /** A member's way to me broke; it will dial again. What it said last may be lost. */
  silenced(member: MemberIdentity): void;
}

export interface ControlChannel {
  /**
   * Takes the address, then dials the seeds.
   *
   * @throws BowechoError `ADDRESS_IN_USE`, `CONFIG_INVALID` (an address that this machine does not have)
   */
  open(mine: Greeting, handler: ControlHandler): Promise<void>;
  /**
   * Sends to a member that answered. False: there is no way to it at the moment, and nothing was sent.
   *
   * @throws BowechoError `TOO_LARGE`
   */
  send(to: MemberIdentity, message: ChannelMessage): boolean;
  /** Ends everything, after what was sent; nothing is handed to the handler any more. Calling it again waits for the same. */
  close(): Promise<void>;
}
