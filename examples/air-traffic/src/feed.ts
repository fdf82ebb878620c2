/**
 * feedFlights tells the board about flights from all members at once, as fast as they take them.
 *
 * Each member has so many lanes. A lane takes the next flight, calls, waits for the answer, and takes the next one; so
 * what is in flight is bounded, the event loop is never held, and a member that answers slowly gets fewer flights. All
 * lanes take from one list, so when the feed is stopped, what was sent is exactly a first part of it.
 *
 * A member whose send queue is full says OVERLOADED and has sent nothing: the lane waits a moment and calls again.
 * Any other failure ends the feed, for then nobody knows what the board should say.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { BowechoError, type Ref } from '@bowecho/actors';
import type { AirTrafficBoard } from './board.js';
import type { Flights } from './flights.js';

/** What the feed uses of a reference to the board. */
export type Departures = Pick<Ref<AirTrafficBoard>, 'depart'>;

export interface FeedOptions {
  /** The board as each member sees it. */
  readonly boards: readonly Departures[];
  readonly flights: Flights;
  /** Calls that each member may have in flight. */
  readonly lanesPerMember: number;
  /** No more flights are sent once it is aborted; those in flight are waited for. */
  readonly signal?: AbortSignal;
  /** Hears now and then how many flights are answered. */
  readonly onProgress?: (answered: number) => void;
}

export interface FeedResult {
  /** How many flights were sent and answered: the first so many. */
  readonly count: number;
  /** From the first call to the last answer, milliseconds. */
  readonly elapsedMs: number;
  /** Of every sixteenth call: microseconds from the call to its answer. */
  readonly latency: RecordableHistogram;
}

/** A latency is taken of one call in so many: clocks and histograms cost a microsecond. */
const SAMPLE_EVERY = 16;
/** `onProgress` is called once in so many answers. */
const PROGRESS_EVERY = 1024;
/** How long a lane waits when its member is overloaded. */
const OVERLOADED_WAIT_MS = 1;

/**
 * Sends all flights.
 *
 * @throws what a call failed with, unless it is BowechoError OVERLOADED
 * @example
 * const boards = members.map(member => member.get(AirTrafficBoard, 'us'));
 * const { count, elapsedMs } = await feedFlights({ boards, flights, lanesPerMember: 1_000 });
 */
export async function feedFlights(options: FeedOptions): Promise<FeedResult> {
  const feed = new Feed(options);
  const startedAt = performance.now();
  const lanes: Promise<void>[] = [];
  for (let i = 0; i < options.lanesPerMember; i++) {
    for (const board of options.boards) lanes.push(feed.lane(board));
  }
  await Promise.all(lanes);
  options.onProgress?.(feed.answered);
  return { count: feed.answered, elapsedMs: performance.now() - startedAt, latency: feed.latency };
}

class Feed {
  answered = 0;
  readonly latency = createHistogram();
  private next = 0;
  private hasFailed = false;

  constructor(private readonly options: FeedOptions) {}

  async lane(board: Departures): Promise<void> {
    const { flights, signal, onProgress } = this.options;
    while (this.next < flights.count && !this.hasFailed && signal?.aborted !== true) {
      const flight = this.next++;
      const sentAt = flight % SAMPLE_EVERY === 0 ? performance.now() : 0;
      while (!(await this.depart(board, flight))) await delay(OVERLOADED_WAIT_MS);
      if (sentAt > 0) this.latency.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
      if (++this.answered % PROGRESS_EVERY === 0) onProgress?.(this.answered);
    }
  }

  /** Answers false where the member is overloaded. */
  private async depart(board: Departures, flight: number): Promise<boolean> {
    const { flights } = this.options;
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
