/**
 * `read`: linearizable queries at one of three members on this thread, answered from its own replica by a lease: how many a second, and
 * how long one takes. The floor is a promise of the same field of a plain object.
 */
import { createCluster } from '@bowecho/actors';
import { latenciesOf } from './latencies.js';
import { Ledger } from './ledger.js';
import { asyncRateOf, type BenchOptions } from './measure.js';
import { costResult, rateResult, type Result } from './report.js';

const SEEDS = ['bench-a', 'bench-b', 'bench-c'];
/** Calls in flight. */
const LANES = 100;

export async function benchRead(options: BenchOptions): Promise<Result[]> {
  const members = await Promise.all(
    SEEDS.map(id => createCluster({ id, seeds: SEEDS, fabric: 'in-process', actors: [Ledger], log: false })),
  );
  const ledger = members[0]!.get(Ledger, 'main');
  await ledger.add(1, 'm');
  const plain = new Ledger();
  const floorRead = (): Promise<number> => Promise.resolve(plain.sum());
  const value = await rate(() => ledger.sum(), options);
  const floor = await rate(floorRead, options);
  const latencies = await latenciesOf(() => ledger.sum(), options.seconds, 0);
  const floors = await latenciesOf(floorRead, options.seconds / 4, 0);
  await Promise.all(members.map(member => member.close()));
  const what = { fabric: 'in-process', senders: 'one', size: 0, against: 'a promise' };
  return [
    rateResult({ ...what, case: 'read', value, unit: 'reads/s', floor }),
    ...(['p50', 'p99'] as const).map(which =>
      costResult({
        ...what,
        case: `read ${which}`,
        value: latencies[which],
        unit: 'us',
        floor: floors[which],
      }),
    ),
  ];
}

function rate(read: () => Promise<number>, options: BenchOptions): Promise<number> {
  return asyncRateOf(async () => {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < LANES; i++) calls.push(read());
    await Promise.all(calls);
    return LANES;
  }, options);
}
