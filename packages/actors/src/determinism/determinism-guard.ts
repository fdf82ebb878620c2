/**
 * DeterminismGuard has handlers fail, with a sentence that says what to use instead, where they use what is not the same
 * at every replica: clocks, random numbers, timers, the network. Without it such a handler works in every test with one
 * replica, and its replicas drift apart in production.
 *
 * Globals are patched when the first guard of a process is made and put back when the last one is released. Outside of
 * guarded handlers they are what they were.
 *
 * A refusal is a throw like any other: the command is rolled back and its caller told. So all members of a group must have
 * a guard or none: a handler that reads a clock for its log alone fails at one and works at the other.
 */
import { enterGuarded, leaveGuarded } from './guarded-handler.js';
import { applyPatches } from './patches.js';

let holders = 0;
let takePatchesAway: (() => void) | undefined;

export class DeterminismGuard implements Disposable {
  private isReleased = false;

  constructor() {
    if (holders++ === 0) takePatchesAway = applyPatches();
  }

  /** Says that a handler of its holder starts. Pair it with `leave` in a `finally`. */
  enter(): void {
    enterGuarded();
  }

  /** Says that the handler is over. */
  leave(): void {
    leaveGuarded();
  }

  /** Its holder is done. Calling it again does nothing. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    if (--holders > 0) return;
    takePatchesAway?.();
    takePatchesAway = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
