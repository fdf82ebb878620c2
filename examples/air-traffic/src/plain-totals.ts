/**
 * plainTotals computes what the board should say, from the columns, in a loop: no actors, no replicas, no messages.
 *
 * It is the other side of the example's comparison, so it has nothing in common with the board but the shape of the
 * answer. Where the board keeps a running list of the worst delays, this looks for the smallest delay that can be among
 * them, by counting, and sorts what reaches it.
 */
import type { NamedAirportStats, Totals, WorstDelay } from './board.js';
import type { Flights } from './flights.js';
import type { Range } from './share.js';

/** All that a board can be asked for. */
export interface BoardContents {
  readonly totals: Totals;
  /** All airports, the busiest first, equally busy ones by code. */
  readonly airports: readonly NamedAirportStats[];
  /** At most ten, the worst first, equal ones by date, origin and destination. */
  readonly worst: readonly WorstDelay[];
}

/** What a board says that has been told the flights of these ranges, which do not overlap. */
export function plainTotals(flights: Flights, ranges: readonly Range[]): BoardContents {
  const { codes, delays, distances, origins, destinations } = flights;
  const departures = new Float64Array(codes.length);
  const arrivals = new Float64Array(codes.length);
  const late = new Float64Array(codes.length);
  const minutes = new Float64Array(codes.length);
  const worst = new Float64Array(codes.length);
  let count = 0;
  let miles = 0;
  for (const { from, to } of ranges) {
    count += to - from;
    for (let i = from; i < to; i++) {
      const origin = origins[i]!;
      const delay = delays[i]!;
      departures[origin]! += 1;
      arrivals[destinations[i]!]! += 1;
      minutes[origin]! += delay;
      if (delay >= 16) late[origin]! += 1;
      if (delay > worst[origin]!) worst[origin] = delay;
      miles += distances[i]!;
    }
  }
  const airports = codes.map((code, i) => ({
    code,
    departures: departures[i]!,
    arrivals: arrivals[i]!,
    delayed: late[i]!,
    delayMinutes: minutes[i]!,
    worstDelay: worst[i]!,
  }));
  return {
    totals: { flights: count, miles, delayed: late.reduce((sum, each) => sum + each, 0) },
    airports: airports
      .filter(airport => airport.departures + airport.arrivals > 0)
      .sort((a, b) => {
        const difference = b.departures + b.arrivals - a.departures - a.arrivals;
        return difference === 0 ? (a.code < b.code ? -1 : 1) : difference;
      }),
    worst: tenWorst(ranges.map(range => flights.part(range))),
  };
}

function tenWorst(parts: readonly Flights[]): WorstDelay[] {
  const byMinutes = new Map<number, number>();
  for (const { delays } of parts) {
    for (const delay of delays) {
      if (delay > 0) byMinutes.set(delay, (byMinutes.get(delay) ?? 0) + 1);
    }
  }
  let found = 0;
  let smallest = Infinity;
  for (const delay of [...byMinutes.keys()].sort((a, b) => b - a)) {
    if (found >= 10) break;
    found += byMinutes.get(delay)!;
    smallest = delay;
  }
  const candidates: WorstDelay[] = [];
  for (const part of parts) {
    for (let i = 0; i < part.count; i++) {
      const delay = part.delays[i]!;
      if (delay < smallest) continue;
      const origin = part.originOf(i);
      candidates.push({ date: part.dates[i]!, delay, origin, destination: part.destinationOf(i) });
    }
  }
  const sortKey = ({ date, origin, destination }: WorstDelay): string =>
    `${String(date).padStart(16, '0')} ${origin} ${destination}`;
  candidates.sort((a, b) => b.delay - a.delay || (sortKey(a) < sortKey(b) ? -1 : 1));
  return candidates.slice(0, 10);
}
