/**
 * As many processes as a group has: the first writes a counter to all others by bare writes, and each answers. A trip is over
 * when all have. They are woken and driven exactly as members are, so no exchange between them can be faster here. It reports
 * trips in microseconds.
 */
import { RunLoop, microsecondsNow } from '@bowecho/actors';
import { CAPTURED, PUSH_STRIDE, type Peer } from '@bowecho/core';
import { IDLE_GAP_MS, percentiles } from '../latencies.js';
import { job, myRank, onRelayed, relay, report } from './job.js';
import { openRdma } from './open-rdma.js';

const CELLS = 8;
const CELL_BYTES = 8;
const CALLER = 0;

const fabric = (await openRdma()).createFabric(job.fabric);
/** One row per process, which writes its first cell. */
const region = fabric.register(job.members * CELLS * CELL_BYTES);
const cells = new Float64Array(region.memory);
const others = Array.from({ length: job.members }, (_, rank) => rank).filter(rank => rank !== myRank);
const peers = new Map<number, Peer>();
const batch = new Int32Array(job.members * PUSH_STRIDE);
let pushLength = 0;
let seen = 0;
let sentAt = 0;
let tripMicros: number[] = [];
let onReply: () => void = () => undefined;

/** Who is written to: everybody by the caller, the caller by everybody. */
function prepareBatch(): void {
  const at = myRank * CELLS * CELL_BYTES;
  const targets = myRank === CALLER ? others : [CALLER];
  targets.forEach((rank, i) =>
    batch.set([peers.get(rank)!.index, at, at, CELL_BYTES, CAPTURED], i * PUSH_STRIDE),
  );
  pushLength = targets.length;
}

function push(): void {
  cells[myRank * CELLS]!++;
  sentAt = performance.now();
  fabric.push(batch, pushLength);
}

/** The count that this process waits for. */
function hasArrived(): boolean {
  if (myRank !== CALLER) return cells[CALLER * CELLS]! > seen;
  for (const rank of others) if (cells[rank * CELLS]! === seen) return false;
  return true;
}

const loop = new RunLoop(
  {
    doWork() {
      fabric.poll();
      if (pushLength === 0 || !hasArrived()) return 0;
      seen++;
      if (myRank === CALLER) {
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

/** A trip that is awaited, as a command is. */
function trip(): Promise<void> {
  return new Promise(resolve => {
    onReply = resolve;
    push();
    loop.wake();
  });
}

onRelayed((from, value) => {
  const { address, key } = value as { address: Uint8Array; key: Uint8Array };
  peers.set(from, fabric.connect(address, key, region));
  if (peers.size < others.length) return;
  prepareBatch();
  loop.wake();
  if (myRank === CALLER) void run();
  else report(undefined);
});
relay({ address: fabric.address, key: region.key });
const keepAlive = setInterval(microsecondsNow, 1_000);
process.once('SIGTERM', () => process.exit());

async function run(): Promise<void> {
  const gapMs = job.kind === 'latency-idle' ? IDLE_GAP_MS : 0;
  for (const ms of [job.seconds * 1000, job.seconds * 1000]) {
    tripMicros = [];
    for (const end = performance.now() + ms; performance.now() < end;) {
      if (gapMs > 0) await new Promise(resolve => setTimeout(resolve, gapMs));
      await trip();
    }
  }
  keepAlive.ref();
  report(percentiles(tripMicros));
}
