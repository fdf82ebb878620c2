/**
 * SimulatedNode is one node of a world: a process, its driver's state, its clock, and whether it lives. It decides
 * nothing; the world and its faults do.
 */
import type { CounterHook } from './member-internals.js';
import { DeliveryHistory } from './delivery-history.js';
import type { Fuse, SimulatedFabric } from './simulated-fabric.js';
import type { SimulatedProcess } from './simulated-process.js';

/** Virtual time 0 on the members' clocks: 2026-01-01, in microseconds since 1970. */
export const EPOCH_MICROS = 1_767_225_600_000_000;

export class SimulatedNode {
  isTurnScheduled = false;
  /** Whether bytes land in the middle of the turn it is taking. */
  isLeaky = false;
  process!: SimulatedProcess;
  /** When a turn for the next deadline is scheduled: virtual microseconds. */
  deadlineAt = Infinity;
  hook: CounterHook | undefined;
  readonly history = new DeliveryHistory();
  /** False once it has crashed: nothing runs there any more. */
  isAlive = true;
  /** It stands still until then, and is slow until then, by so much a turn: virtual microseconds. */
  frozenUntil = 0;
  slowUntil = 0;
  slowness = 0;
  /** Counts the deliveries that are performed; the node may stop between any two of them. */
  deliveryFuse: Fuse | undefined;
  /** It closes its memory when it is in no view any more and rests; and it has. */
  closesWhenDone = false;
  isClosed = false;
  /** What the clock showed at `rateSince`, and how fast it has run since then. */
  private clockBase: number;
  private rateSince = 0;
  private rate = 1;

  constructor(
    /** Its number: its rank in the first view. */
    readonly rank: number,
    readonly fabric: SimulatedFabric,
    clockOffset: number,
    readonly isSlow: boolean,
    /** Made once: a wake-up allocates nothing. */
    readonly wake: () => void,
  ) {
    this.clockBase = EPOCH_MICROS + clockOffset;
  }

  /** What its clock shows at that virtual time: microseconds since 1970. */
  clockAt(time: number): number {
    return this.clockBase + Math.floor((time - this.rateSince) * this.rate);
  }

  /** The first virtual time at which its clock shows `clock` or more. */
  timeOf(clock: number): number {
    return this.rateSince + Math.ceil((clock - this.clockBase) / this.rate);
  }

  /** Its clock runs at that rate from `time`, which is now, on. */
  setClockRate(rate: number, time: number): void {
    this.clockBase = this.clockAt(time);
    this.rateSince = time;
    this.rate = rate;
  }
}
