/**
 * How every case is measured: a warm-up, then rounds of equal length, and the median round. The median, because a shared
 * machine has bad moments and no lucky ones.
 */
const WARM_UP_PART = 0.5;
const ROUNDS = 5;

export interface BenchOptions {
  /** Seconds that each case measures, over all rounds. */
  readonly seconds: number;
}

/**
 * Operations a second of `batch`, which does some and returns how many.
 *
 * @param batch takes well under a round
 */
export function rateOf(batch: () => number, { seconds }: BenchOptions): number {
  const roundMs = (seconds * 1000) / ROUNDS;
  runFor(batch, roundMs * ROUNDS * WARM_UP_PART);
  return median(Array.from({ length: ROUNDS }, () => runFor(batch, roundMs)));
}

/** Operations a second of an asynchronous `batch`. */
export async function asyncRateOf(batch: () => Promise<number>, { seconds }: BenchOptions): Promise<number> {
  const roundMs = (seconds * 1000) / ROUNDS;
  await runAsyncFor(batch, roundMs * ROUNDS * WARM_UP_PART);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rates.push(await runAsyncFor(batch, roundMs));
  return median(rates);
}

function runFor(batch: () => number, ms: number): number {
  const start = performance.now();
  let count = 0;
  for (;;) {
    count += batch();
    const elapsed = performance.now() - start;
    if (elapsed >= ms) return (count * 1000) / elapsed;
  }
}

async function runAsyncFor(batch: () => Promise<number>, ms: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  for (;;) {
    count += await batch();
    const elapsed = performance.now() - start;
    if (elapsed >= ms) return (count * 1000) / elapsed;
  }
}

/** Growth of a counter a second: a warm-up, then the median round. Something else makes it grow meanwhile. */
export async function medianRound(counter: () => number, seconds: number): Promise<number> {
  const roundMs = (seconds * 1000) / ROUNDS;
  const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
  await wait(roundMs * ROUNDS * WARM_UP_PART);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [from, before] = [performance.now(), counter()];
    await wait(roundMs);
    rates.push(((counter() - before) * 1000) / (performance.now() - from));
  }
  return median(rates);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
