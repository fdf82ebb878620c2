/** What all worlds of a run came to, added up. */
import type { Counts, SeedReport } from './testing-package.js';

type Sums = Record<string, number>;

export class Totals {
  worlds = 0;
  events = 0;
  deliveries = 0;
  refusals = 0;
  virtualSeconds = 0;
  /** By name; empty where no world came to its end. */
  readonly struck: Sums = {};
  readonly fired: Sums = {};
  readonly reached: Sums = {};

  /** Adds a world that came to its end. */
  add({ events, deliveries, refusals, virtualSeconds, struck, fired, reached }: SeedReport): void {
    this.events += events;
    this.deliveries += deliveries;
    this.refusals += refusals;
    this.virtualSeconds += virtualSeconds;
    addCounts(this.struck, struck);
    addCounts(this.fired, fired);
    addCounts(this.reached, reached);
  }
}

function addCounts(sums: Sums, counts: Counts): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
}
