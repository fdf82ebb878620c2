/** Microseconds of CLOCK_MONOTONIC, the same at all processes of this host, stopped ones and those in other namespaces included. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
