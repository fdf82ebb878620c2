/** Latencies of calls that are awaited one after another, and what is told of them. */

/** Between two calls of `latency-idle`: everybody is asleep by then. */
export const IDLE_GAP_MS = 10;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Of microseconds, in any order. */
export function percentiles(micros: readonly number[]): Percentiles {
  const sorted = [...micros].sort((a, b) => a - b);
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Awaits one call after another for so long; after a warm-up as long. */
export async function latenciesOf(
  call: () => Promise<unknown>,
  seconds: number,
  gapMs: number,
): Promise<Percentiles> {
  let micros: number[] = [];
  for (const ms of [seconds * 1000, seconds * 1000]) {
    micros = [];
    for (const end = performance.now() + ms; performance.now() < end;) {
      if (gapMs > 0) await new Promise(resolve => setTimeout(resolve, gapMs));
      const from = performance.now();
      await call();
      micros.push((performance.now() - from) * 1000);
    }
  }
  return percentiles(micros);
}

/** Percent of a core that this process uses in so many seconds of doing nothing. */
export async function idlePercent(seconds: number): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, seconds * 500)); // what was busy before comes to rest
  const [from, before] = [performance.now(), process.cpuUsage()];
  await new Promise(resolve => setTimeout(resolve, seconds * 1000));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (performance.now() - from) / 10;
}
