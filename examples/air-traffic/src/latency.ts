/** Percentiles of all members' latencies together: merged sample by sample, because percentiles cannot be averaged. */

export interface Percentiles {
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly p999Micros: number;
}

/**
 * The nearest samples at or above each rank; 0 where there is no sample.
 *
 * @param samples microseconds, one list per member, in any order
 */
export function percentilesOf(samples: readonly Uint32Array[]): Percentiles {
  const all = new Uint32Array(samples.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of samples) {
    all.set(each, at);
    at += each.length;
  }
  all.sort();
  const percentile = (percent: number): number => all[Math.ceil((all.length * percent) / 100) - 1] ?? 0;
  return { p50Micros: percentile(50), p99Micros: percentile(99), p999Micros: percentile(99.9) };
}
