/**
 * Two processes that pass one counter back and forth by bare writes, woken and driven exactly as members are:
 * what no exchange between processes can be faster than here. It reports round trips in microseconds.
 */
import { RunLoop, microsecondsNow } from '@bowecho/actors';
import { CAPTURED, type Peer } from '@bowecho/core';
import { IDLE_GAP_MS, percentiles } from '../latencies.js';
import { job, myRank, onRelayed, relay, report } from './job.js';
import { openRdma } from './open-rdma.js';

const CELLS = 8;

const fabric = (await openRdma()).createFabric(job.fabric);
/** Row 0 is written by the first, row 1 by the second. */
const region = fabric.register(2 * CELLS * 8);
const cells = new Float64Array(region.memory);
const [mine, theirs] = [myRank * CELLS, (1 - myRank) * CELLS];
const batch = Int32Array.of(0, mine * 8, mine * 8, 8, CAPTURED);
let peer: Peer | undefined;
let seen = 0;
let sentAt = 0;
let tripMicros: number[] = [];
let onReply: () => void = () => undefined;

function push(): void {
  cells[mine]!++;
  batch[0] = peer!.index;
  sentAt = performance.now();
  fabric.push(batch, 1);
}

const loop = new RunLoop(
  {
    doWork() {
      fabric.poll();
      if (peer === undefined || cells[theirs] === seen) return 0;
      seen = cells[theirs]!;
      if (myRank === 0) {
        tripMicros.push((performance.now() - sentAt) * 1000);
        onReply();
      } else push();
      return 1;
    },
    nextDeadline: Infinity,
    deliveriesPerTurn: 1,
  },
  fabric,
  error => {
    throw error;
  },
);

/** A round trip that is awaited, as a command is. */
function trip(): Promise<void> {
  return new Promise(resolve => {
    onReply = resolve;
    push();
    loop.wake();
  });
}

onRelayed((_, value) => {
  const { address, key } = value as { address: Uint8Array; key: Uint8Array };
  peer = fabric.connect(address, key, region);
  loop.wake();
  if (myRank === 0) void run();
  else report(undefined);
});
relay({ address: fabric.address, key: region.key });
const keepAlive = setInterval(microsecondsNow, 1_000);
process.once('SIGTERM', () => process.exit());

async function run(): Promise<void> {
  const gapMs = job.kind === 'latency-idle' ? IDLE_GAP_MS : 0;
  for (const ms of [job.seconds * 500, job.seconds * 1000]) {
    tripMicros = [];
    for (const end = performance.now() + ms; performance.now() < end;) {
      if (gapMs > 0) await new Promise(resolve => setTimeout(resolve, gapMs));
      await trip();
    }
  }
  keepAlive.ref();
  report(percentiles(tripMicros));
}
