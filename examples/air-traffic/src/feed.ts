/**
 * feedFlights tells the board about a member's flights, as fast as that member takes them.
 *
 * There are so many lanes. A lane takes the next flight, calls, waits for the answer, and takes the next one; so what is in
 * flight is bounded, and the event loop is never held. When the feed is stopped, what was sent is exactly a first part of
 * the flights.
 *
 * A member whose send queue is full says OVERLOADED and has sent nothing: the lane waits a moment and calls again.
 * Any other failure ends the feed, for then nobody knows what the board should say.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BowechoError, type Ref } from '@bowecho/actors';
import type { AirTrafficBoard } from './board.js';
import type { Flights } from './flights.js';

/** What the feed uses of a reference to the board. */
export type Departures = Pick<Ref<AirTrafficBoard>, 'depart'>;

export interface FeedOptions {
  readonly board: Departures;
  readonly flights: Flights;
  /** Calls that may be in flight. */
  readonly lanes: number;
  /** No more flights are sent once it is aborted; those in flight are waited for. */
  readonly signal: AbortSignal;
  /** Hears now and then how many flights are answered. */
  readonly onProgress: (answered: number) => void;
}

export interface FeedResult {
  /** How many flights were sent and answered: the first so many. */
  readonly count: number;
  /** Of every sixteenth call: microseconds from the call to its answer. */
  readonly latencies: Uint32Array;
  /** When these answers came, ascending: milliseconds since 1970, with fractions. */
  readonly answeredAt: Float64Array;
}

/** A latency is taken of one call in so many: two looks at the clock cost a call a noticeable part of its time. */
const SAMPLE_EVERY = 16;
/** `onProgress` is called once in so many answers. */
const PROGRESS_EVERY = 1024;
/** How long a lane waits when its member is overloaded. */
const OVERLOADED_WAIT_MS = 1;

/**
 * Sends all flights.
 *
 * @throws what a call failed with, unless it is BowechoError OVERLOADED
 */
export async function feedFlights(options: FeedOptions): Promise<FeedResult> {
  const feed = new Feed(options);
  await Promise.all(Array.from({ length: options.lanes }, () => feed.lane()));
  options.onProgress(feed.answered);
  const { answered, samples, latencies, answeredAt } = feed;
  return {
    count: answered,
    latencies: latencies.slice(0, samples),
    answeredAt: answeredAt.slice(0, samples),
  };
}

class Feed {
  answered = 0;
  samples = 0;
  readonly latencies: Uint32Array;
  readonly answeredAt: Float64Array;
  private next = 0;
  private hasFailed = false;

  constructor(private readonly options: FeedOptions) {
    const most = Math.ceil(options.flights.count / SAMPLE_EVERY);
    this.latencies = new Uint32Array(most);
    this.answeredAt = new Float64Array(most);
  }

  async lane(): Promise<void> {
    const { flights, signal, onProgress } = this.options;
    while (this.next < flights.count && !this.hasFailed && !signal.aborted) {
      const flight = this.next++;
      const isSampled = flight % SAMPLE_EVERY === 0;
      const sentAt = isSampled ? performance.now() : 0;
      while (!(await this.depart(flight))) await delay(OVERLOADED_WAIT_MS);
      if (isSampled) this.sample(sentAt, performance.now());
      if (++this.answered % PROGRESS_EVERY === 0) onProgress(this.answered);
    }
  }

  private sample(sentAt: number, now: number): void {
    this.latencies[this.samples] = (now - sentAt) * 1000;
    this.answeredAt[this.samples] = performance.timeOrigin + now;
    this.samples++;
  }

  /** Answers false where the member is overloaded. */
  private async depart(flight: number): Promise<boolean> {
    const { board, flights } = this.options;
    const { dates, delays, distances } = flights;
    const [origin, destination] = [flights.originOf(flight), flights.destinationOf(flight)];
    try {
      await board.depart(dates[flight]!, delays[flight]!, distances[flight]!, origin, destination);
      return true;
    } catch (error) {
      if (error instanceof BowechoError && error.code === 'OVERLOADED') return false;
      this.hasFailed = true;
      throw error;
    }
  }
}
