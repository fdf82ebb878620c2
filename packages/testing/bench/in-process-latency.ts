/** `latency`, `latency-idle` and `idle-cpu` of three members in this process, on the in-process fabric. */
import { createCluster } from '@bowecho/actors';
import { IDLE_GAP_MS, idlePercent, latenciesOf } from './latencies.js';
import { Ledger } from './ledger.js';
import { median, type BenchOptions } from './measure.js';
import { costResult, type Result } from './report.js';

const SEEDS = ['bench-a', 'bench-b', 'bench-c'];
const FABRIC = 'in-process';

export async function benchLatencyInProcess(
  kind: 'latency' | 'latency-idle' | 'idle-cpu',
  size: number,
  { seconds }: BenchOptions,
): Promise<Result[]> {
  const members = await Promise.all(
    SEEDS.map(id => createCluster({ id, seeds: SEEDS, fabric: FABRIC, actors: [Ledger], log: false })),
  );
  const ledger = members[0]!.get(Ledger, 'main');
  const memo = 'm'.repeat(size);
  await ledger.add(1, memo);
  const what = { fabric: FABRIC, senders: 'one', size };
  const results: Result[] = [];
  if (kind === 'idle-cpu') {
    const value = (await idlePercent(seconds)) / SEEDS.length;
    const floor = 0.1;
    const unit = '% of a core';
    results.push(costResult({ ...what, case: kind, value, unit, floor, against: '0.1 %' }));
  } else {
    const gap = kind === 'latency' ? 0 : IDLE_GAP_MS;
    const latencies = await latenciesOf(() => ledger.add(1, memo), seconds, gap);
    const floor = await immediateMicros(seconds);
    for (const which of ['p50', 'p99'] as const) {
      const value = latencies[which];
      results.push(
        costResult({ ...what, case: `${kind} ${which}`, value, unit: 'us', floor, against: '3 immediates' }),
      );
    }
  }
  await Promise.all(members.map(member => member.close()));
  return results;
}

/** What three passes of the event loop take: a command goes out, is acknowledged, and is delivered. */
async function immediateMicros(seconds: number): Promise<number> {
  const micros: number[] = [];
  for (const end = performance.now() + seconds * 100; performance.now() < end;) {
    const from = performance.now();
    for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve));
    micros.push((performance.now() - from) * 1000);
  }
  return median(micros);
}
