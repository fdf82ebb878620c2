/**
 * Observer is whoever watches a world: checkers, time-lines, histories. Every hook does nothing by default, so an
 * observer says only what it cares about. Observers look and never touch; what they throw ends the run.
 *
 * Who it is about is said by the number of a node, which is its rank in the first view and stays when ranks change.
 */
import type { MembershipEnd, StateChange, View } from '@bowecho/core';
import type { Teachers } from './simulated-joins.js';

/** A delivery; the object is reused. */
export interface ObservedDelivery {
  readonly set: number;
  /** The node whose message it is. */
  readonly sender: number;
  readonly vid: number;
  readonly ordinal: number;
  /** Microseconds. */
  readonly time: number;
  /** Bytes. */
  readonly length: number;
}

export abstract class Observer {
  /** A member took a message; `payload[0 .. length)` is only lent. */
  onSend(_node: number, _set: number, _ticket: number, _payload: Uint8Array, _length: number): void {}
  /** A member refused a message. */
  onRefusal(_node: number, _set: number, _error: unknown): void {}
  /** A member took back a message that it had not published. */
  onWithdraw(_node: number, _set: number, _ticket: number): void {}
  /** A member handed a message to its application, which has run; `hash` is that of the payload before it ran. */
  onDelivery(_node: number, _delivery: ObservedDelivery, _hash: number): void {}
  /** A read began at a member; it is answered once, or never. */
  onReadBegun(_node: number, _set: number, _read: number): void {}
  onReadAnswered(_node: number, _set: number, _read: number): void {}
  /** A member took a turn and did so much. */
  onTurn(_node: number, _work: number): void {}
  onStateChanged(_node: number, _change: StateChange): void {}
  /** A process is a member now, with what its teachers had delivered of each set. */
  onJoined(_node: number, _teachers: Teachers): void {}
  /** A member has left a view behind and is in the next one. */
  onViewEntered(_node: number, _view: View): void {}
  /** Messages flow in that view. */
  onViewInstalled(_node: number, _view: View): void {}
  /** A member is in no view any more. */
  onEnded(_node: number, _end: MembershipEnd): void {}
  /** Something broke at a node. */
  onFault(_node: number, _sentence: string): void {}
  /** A member stopped because an invariant broke in it. */
  onHalted(_node: number, _error: unknown): void {}
  /** Nothing is under way and nobody has anything to do. */
  onQuiet(): void {}
}
