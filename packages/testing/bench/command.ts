/**
 * `command`: calls of replicated actors, pipelined, three members on one thread, everybody sends. The floor does what no
 * implementation with this codec can leave out: pack the arguments once, unpack them at three replicas, run the method
 * there, settle one promise.
 */
import { createCluster, type Cluster, type Ref } from '@bowecho/actors';
import type * as Msgpackr from 'msgpackr';
import * as withoutNative from 'msgpackr/pack';
import { Ledger } from './ledger.js';
import { asyncRateOf, type BenchOptions } from './measure.js';
import { rateResult, type Result } from './report.js';

/** As the product loads it; the front door of the package would add an exception to longer texts. */
const { Packr } = withoutNative as unknown as typeof Msgpackr;

const NODES = 3;
const IN_FLIGHT = 3000;

export async function benchCommand(sizes: readonly number[], options: BenchOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const size of sizes) results.push(await commandRate(size, options));
  return results;
}

async function commandRate(size: number, options: BenchOptions): Promise<Result> {
  const seeds = Array.from({ length: NODES }, (_, i) => `bench-${size}-${i}`);
  const members: Cluster[] = await Promise.all(
    seeds.map(id => createCluster({ id, seeds, fabric: 'in-process', actors: [Ledger], log: false })),
  );
  await Promise.all(members.map(member => member.whenReady()));
  const refs: Ref<Ledger>[] = members.map(member => member.get(Ledger, 'main'));
  const memo = 'm'.repeat(size);
  const value = await asyncRateOf(async () => {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < IN_FLIGHT; i++) calls.push(refs[i % NODES]!.add(i, memo));
    await Promise.all(calls);
    return IN_FLIGHT;
  }, options);
  await Promise.all(members.map(member => member.close()));
  const floor = await floorRate(memo, options);
  return rateResult({
    case: 'command',
    fabric: 'in-process',
    size,
    senders: 'all',
    value,
    unit: 'commands/s',
    floor,
    against: 'codec',
  });
}

/** Commands a second of the codec and the method alone. */
export async function floorRate(memo: string, options: BenchOptions): Promise<number> {
  const packr = new Packr({ moreTypes: true });
  const replicas = Array.from({ length: NODES }, () => new Ledger());
  return asyncRateOf(async () => {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < IN_FLIGHT; i++) {
      const bytes = packr.pack([i, memo]);
      let result = 0;
      for (const replica of replicas) {
        const [amount, text] = packr.unpack(bytes) as [number, string];
        result = replica.add(amount, text);
      }
      calls.push(new Promise(resolve => resolve(result)));
    }
    await Promise.all(calls);
    return IN_FLIGHT;
  }, options);
}
