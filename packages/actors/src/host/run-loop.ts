/**
 * RunLoop drives one node on the main thread: it works while there is work and rests while there is none.
 *
 * Working is a chain of `setImmediate`, several steps per link, so that sockets, timers and promises of the application
 * get their turn between links. A link that found nothing yields the processor: members may outnumber the cores, and then
 * what this one waits for can only happen on the core that it holds. After some time without work the loop arms the fabric
 * and stops; a write from outside, `wake`, the next deadline, or a coarse timer starts it again. A poll may swallow what
 * would have woken the loop, so a turn always follows the last poll before it rests.
 *
 * Waking a process that sleeps costs some hundred times more than a look at the memory of one that does not, so it is
 * worth to look for a while; and a process that never sleeps burns a core. How long is a matter of measuring.
 */
import { DELIVERIES_PER_TURN, type Fabric } from '@bowecho/core';

/** What the loop drives. */
export interface Driven {
  doWork(now: number): number;
  /** Microseconds since 1970, or Infinity. */
  readonly nextDeadline: number;
  /** Whether somebody waits for that deadline, which keeps the process alive. Where it is left out: whenever there is one. */
  readonly isAwaited?: boolean;
  /** How many deliveries one step may make, 1 to `DELIVERIES_PER_TURN`. */
  deliveriesPerTurn: number;
}

/** Steps in one link of the chain, at most; and how long a link may go on, so that several members share the thread. */
const STEPS_PER_LINK = 16;
const LINK_MICROS = 2_000;
/**
 * Handlers may be slow, and nothing else runs during a step. So steps begin with few deliveries, twice as many after each
 * one that was short, half as many after each one that was long.
 */
const FIRST_DELIVERIES = 32;
const SHORT_STEP_MICROS = 500;
const LONG_STEP_MICROS = 4_000;
/** Without work for so long, the loop rests. */
const IDLE_MICROS = 100;
/**
 * Who yields gets the processor back within microseconds, or when a slice of time is over that somebody else had use for:
 * then this machine has more work than cores. For so long the loop then rests where it would have yielded: a process that
 * was asleep is let in soon, one that yields waits for its turn.
 */
const LONG_YIELD_MICROS = 500;
const CROWDED_MICROS = 100_000;
/** A loop that rests looks now and then by itself, so that a wake-up that were lost would cost this and not the group. */
const LOOK_ANYWAY_MS = 100;

/** Microseconds since 1970; follows the monotonic clock, so it never falls while the process lives. */
export function microsecondsNow(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}

export class RunLoop {
  /** A link is to come, or runs and will say itself whether another one follows. */
  private isScheduled = false;
  /** Somebody woke the loop since its link began. */
  private isWoken = false;
  private isStopped = false;
  private lastWorkAt = 0;
  private crowdedUntil = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param onCrash hears of an error that escaped a step; the loop has stopped then
   */
  constructor(
    private readonly driven: Driven,
    private readonly fabric: Fabric,
    private readonly onCrash: (error: unknown) => void,
  ) {
    driven.deliveriesPerTurn = FIRST_DELIVERIES;
  }

  /**
   * Has the node work soon. Cheap while the loop is awake. A loop that rests begins as soon as whoever woke it has done what
   * it does now, without another pass of the event loop: what is cold costs ten times what it costs otherwise.
   */
  wake(): void {
    this.isWoken = true;
    this.begin();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** One link at a time: what a step does may wake the loop, and a second chain would never end while there is work. */
  private begin(): void {
    if (this.isScheduled || this.isStopped) return;
    this.isScheduled = true;
    process.nextTick(this.link);
  }

  private readonly link = (): void => {
    if (this.isStopped) return;
    this.isWoken = false;
    try {
      const goesOn = this.work() || this.isWoken || this.waits();
      if (goesOn || !this.rest()) setImmediate(this.link);
    } catch (error) {
      this.stop();
      this.onCrash(error);
    }
  };

  /** Gives the processor away, if it is worth to wait awake: what is under way often lands within microseconds. */
  private waits(): boolean {
    const now = microsecondsNow();
    if (now - this.lastWorkAt >= IDLE_MICROS || now < this.crowdedUntil) return false;
    this.fabric.yieldProcessor();
    const after = microsecondsNow();
    if (after - now > LONG_YIELD_MICROS) this.crowdedUntil = after + CROWDED_MICROS;
    return true;
  }

  /** False: something landed meanwhile, and there is no rest. */
  private rest(): boolean {
    this.isScheduled = false;
    if (this.fabric.arm(this.onReady)) {
      this.setTimer();
      return true;
    }
    this.isScheduled = true;
    return false;
  }

  private work(): boolean {
    let now = microsecondsNow();
    const end = now + LINK_MICROS;
    let steps = 0;
    while (steps < STEPS_PER_LINK && now < end && this.driven.doWork(now) > 0) {
      steps++;
      const after = microsecondsNow();
      this.adapt(after - now);
      now = after;
    }
    if (steps > 0) this.lastWorkAt = now;
    return steps > 0;
  }

  private adapt(stepMicros: number): void {
    const { deliveriesPerTurn } = this.driven;
    if (stepMicros > LONG_STEP_MICROS && deliveriesPerTurn > 1) {
      this.driven.deliveriesPerTurn = deliveriesPerTurn >> 1;
    } else if (stepMicros < SHORT_STEP_MICROS && deliveriesPerTurn < DELIVERIES_PER_TURN) {
      this.driven.deliveriesPerTurn = Math.min(deliveriesPerTurn * 2, DELIVERIES_PER_TURN);
    }
  }

  private readonly onReady = (): void => this.wake();

  /** One link, and back to rest if it finds nothing. */
  private readonly lookAnyway = (): void => this.begin();

  private setTimer(): void {
    clearTimeout(this.timer);
    const { nextDeadline } = this.driven;
    const delay = Math.max(0, Math.ceil((nextDeadline - microsecondsNow()) / 1000));
    this.timer = setTimeout(this.lookAnyway, Math.min(delay, LOOK_ANYWAY_MS));
    if (!(this.driven.isAwaited ?? nextDeadline < Infinity)) this.timer.unref();
  }
}
