/**
 * Observer is whoever watches a world: checkers, time-lines, histories. Every hook does nothing by default, so an
 * observer says only what it cares about. Observers look and never touch; what they throw ends the run.
 */
import type { Delivery, StateChange } from '@bowecho/core';

export abstract class Observer {
  /** A member took a message; `payload[0 .. length)` is only lent. */
  onSend(_rank: number, _set: number, _ticket: number, _payload: Uint8Array, _length: number): void {}
  /** A member took back a message that it had not published. */
  onWithdraw(_rank: number, _set: number, _ticket: number): void {}
  /** A member handed a message to its application, which has run; `hash` is that of the payload before it ran. */
  onDelivery(_rank: number, _delivery: Delivery, _hash: number): void {}
  /** A member took a turn and did so much. */
  onTurn(_rank: number, _work: number): void {}
  onStateChanged(_rank: number, _change: StateChange): void {}
  /** A member's view has ended there, for a reason in words. */
  onViewEnded(_rank: number, _reason: string): void {}
  /** Something broke at a node. */
  onFault(_rank: number, _sentence: string): void {}
  /** A member stopped because an invariant broke in it. */
  onHalted(_rank: number, _error: unknown): void {}
  /** Nothing is under way and nobody has anything to do. */
  onQuiet(): void {}
}
