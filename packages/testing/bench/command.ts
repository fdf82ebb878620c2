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
import { callsUnderWay, ringBytesFor } from './ring-size.js';

/** As the product loads it; the front door of the package would add an exception to longer texts. */
const { Packr } = withoutNative as unknown as typeof Msgpackr;

const NODES = 3;
/** Calls in flight per member. */
const LANES = 1_000;

export async function benchCommand(sizes: readonly number[], options: BenchOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const size of sizes) results.push(await commandRate(size, options));
  return results;
}

async function commandRate(size: number, options: BenchOptions): Promise<Result> {
  const seeds = Array.from({ length: NODES }, (_, i) => `bench-${size}-${i}`);
  const ringBytes = ringBytesFor(size);
  const inFlight = NODES * callsUnderWay(LANES, size);
  const members: Cluster[] = await Promise.all(
    seeds.map(id =>
      createCluster({ id, seeds, fabric: 'in-process', actors: [Ledger], log: false, ringBytes }),
    ),
  );
  await Promise.all(members.map(member => member.whenReady()));
  const refs: Ref<Ledger>[] = members.map(member => member.get(Ledger, 'main'));
  const memo = 'm'.repeat(size);
  const value = await asyncRateOf(async () => {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < inFlight; i++) calls.push(refs[i % NODES]!.add(i, memo));
    await Promise.all(calls);
    return inFlight;
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

/** Calls of the floor that are settled together: a mebibyte each would fill the memory. */
const BATCH_BYTES = 16 * 1024 * 1024;

/** Commands a second of the codec and the method alone. */
export async function floorRate(memo: string, options: BenchOptions): Promise<number> {
  const batch = Math.max(1, Math.min(NODES * LANES, Math.floor(BATCH_BYTES / memo.length)));
  const packr = new Packr({ moreTypes: true });
  const replicas = Array.from({ length: NODES }, () => new Ledger());
  return asyncRateOf(async () => {
    const calls: Promise<number>[] = [];
    for (let i = 0; i < batch; i++) {
      const bytes = packr.pack([i, memo]);
      let result = 0;
      for (const replica of replicas) {
        const [amount, text] = packr.unpack(bytes) as [number, string];
        result = replica.add(amount, text);
      }
      calls.push(new Promise(resolve => resolve(result)));
    }
    await Promise.all(calls);
    return batch;
  }, options);
}
