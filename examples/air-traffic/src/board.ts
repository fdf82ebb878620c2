/**
 * AirTrafficBoard is the replicated actor of this example: one board of a country's air traffic, in the memory of every
 * member. It is written as if it were the only object in the only process; that the replicas agree is not its matter.
 *
 * Members send at once, so two runs apply the same flights in different orders. Everything the board answers is chosen
 * so that the order does not show: sums, counts, maxima, and lists with a total order. The one exception is what
 * `depart` returns, which tells the caller where in that order its flight was.
 */
import { Command, Query, Replicated } from '@bowecho/actors';

/** A flight counts as delayed when it is more than so many minutes late. */
const DELAYED_MINUTES = 15;
/** How many of the worst delays the board keeps. */
const WORST_KEPT = 10;
/** A replica on each member, up to so many. */
export const MOST_MEMBERS = 16;

/** Of one airport. Delays are those of the flights that departed there. */
export interface AirportStats {
  departures: number;
  arrivals: number;
  /** Departures that were more than 15 minutes late. */
  delayed: number;
  /** Sum of the delays, where a flight that was early counts as less than nothing. */
  delayMinutes: number;
  /** 0 if no flight was late. */
  worstDelay: number;
}

export interface NamedAirportStats extends AirportStats {
  /** IATA code of the airport. */
  code: string;
}

export interface Totals {
  flights: number;
  miles: number;
  /** Flights that were more than 15 minutes late. */
  delayed: number;
}

export interface WorstDelay {
  /** When it departed: milliseconds, read as UTC they give the local time of the airport. */
  date: number;
  /** Minutes. */
  delay: number;
  origin: string;
  destination: string;
}

@Replicated({ name: 'air-traffic', replicas: MOST_MEMBERS })
export class AirTrafficBoard {
  private flights = 0;
  private miles = 0;
  private delayed = 0;
  private airports = new Map<string, AirportStats>();
  /** Worst first. */
  private worst: WorstDelay[] = [];
  /** What a delay must reach to be looked at, so that nearly all flights leave `worst` alone. */
  private leastOfWorst = 0;

  /** Notes a departure and returns how many there have been. `delay` is in minutes, `distance` in miles. */
  @Command()
  depart(date: number, delay: number, distance: number, origin: string, destination: string): number {
    const from = this.statsOf(origin);
    from.departures++;
    from.delayMinutes += delay;
    from.worstDelay = Math.max(from.worstDelay, delay);
    if (delay > DELAYED_MINUTES) {
      from.delayed++;
      this.delayed++;
    }
    this.statsOf(destination).arrivals++;
    if (delay > 0 && delay >= this.leastOfWorst) this.noteWorst({ date, delay, origin, destination });
    this.miles += distance;
    return ++this.flights;
  }

  /** The airports with the most departures and arrivals. */
  @Query()
  busiest(count: number): NamedAirportStats[] {
    return [...this.airports]
      .map(([code, stats]) => ({ code, ...stats }))
      .sort(byTraffic)
      .slice(0, count);
  }

  /** The ten flights that were latest. */
  @Query()
  worstDelays(): WorstDelay[] {
    return this.worst;
  }

  @Query()
  totals(): Totals {
    return { flights: this.flights, miles: this.miles, delayed: this.delayed };
  }

  /** Undefined where nothing has departed or arrived. */
  @Query()
  airport(code: string): AirportStats | undefined {
    return this.airports.get(code);
  }

  private statsOf(code: string): AirportStats {
    const known = this.airports.get(code);
    if (known !== undefined) return known;
    const stats = { departures: 0, arrivals: 0, delayed: 0, delayMinutes: 0, worstDelay: 0 };
    this.airports.set(code, stats);
    return stats;
  }

  private noteWorst(flight: WorstDelay): void {
    this.worst = [...this.worst, flight].sort(byDelay).slice(0, WORST_KEPT);
    if (this.worst.length === WORST_KEPT) this.leastOfWorst = this.worst[WORST_KEPT - 1]!.delay;
  }
}

function byTraffic(a: NamedAirportStats, b: NamedAirportStats): number {
  return b.departures + b.arrivals - (a.departures + a.arrivals) || compareTexts(a.code, b.code);
}

/** No two different flights are equal in this order; else the last place would go to whichever came first. */
function byDelay(a: WorstDelay, b: WorstDelay): number {
  return (
    b.delay - a.delay ||
    a.date - b.date ||
    compareTexts(a.origin, b.origin) ||
    compareTexts(a.destination, b.destination)
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
