/**
 * Bare writes of a fabric, without a protocol: each process writes blocks of one size to all others, followed by a counter
 * that vouches for them, and goes on when those that are a window behind were counted there. What a protocol that sends
 * the same bytes in writes of the same size cannot do better. It reports bytes a second, written by it and to it.
 */
import { RunLoop, microsecondsNow } from '@bowecho/actors';
import { BORROWED, CAPTURED, PUSH_STRIDE } from '@bowecho/core';
import { medianRound } from '../measure.js';
import { job, myRank, onRelayed, relay, report } from './job.js';
import { openRdma } from './open-rdma.js';

/** Counters of one process: blocks written, then blocks seen from each of the others. */
const ROW_CELLS = 1 + job.members;
const BLOCK_BYTES = job.writeBytes!;
const WINDOW = Math.max(2, Math.floor(job.ringBytes / 2 / BLOCK_BYTES));
const ROWS_BYTES = job.members * ROW_CELLS * 8;
const others = Array.from({ length: job.members }, (_, rank) => rank).filter(rank => rank !== myRank);
const isSender = myRank < job.senders;

const fabric = (await openRdma()).createFabric(job.fabric);
/** All rows, then a place for the blocks of each process. */
const blockAt = (rank: number, block: number): number =>
  ROWS_BYTES + (rank * WINDOW + (block % WINDOW)) * BLOCK_BYTES;
const region = fabric.register(blockAt(job.members, 0));
const cells = new Float64Array(region.memory, 0, job.members * ROW_CELLS);
const rowAt = (rank: number): number => rank * ROW_CELLS;
const peers = new Map<number, number>();
const batch = new Int32Array(2 * others.length * PUSH_STRIDE);
let written = 0;
let blocks = 0;

/** One block, if the window has room, and my counters, if any changed. */
function turn(): number {
  fabric.poll();
  if (peers.size < others.length) return 0;
  let seen = 0;
  let slowest = written;
  for (const rank of others) {
    const theirs = cells[rowAt(rank)]!;
    seen += theirs - cells[rowAt(myRank) + 1 + rank]!;
    cells[rowAt(myRank) + 1 + rank] = theirs;
    slowest = Math.min(slowest, cells[rowAt(rank) + 1 + myRank]!);
  }
  const writes = isSender && written - slowest < WINDOW;
  if (seen === 0 && !writes) return 0;
  const at = blockAt(myRank, written);
  if (writes) cells[rowAt(myRank)] = ++written;
  blocks += seen + (writes ? 1 : 0);
  let count = 0;
  for (const rank of others) {
    const peer = peers.get(rank)!;
    if (writes) batch.set([peer, at, at, BLOCK_BYTES, BORROWED], PUSH_STRIDE * count++);
    batch.set([peer, rowAt(myRank) * 8, rowAt(myRank) * 8, ROW_CELLS * 8, CAPTURED], PUSH_STRIDE * count++);
  }
  if (fabric.push(batch, count) < count) throw new Error('the fabric took only a part of a push');
  return 1;
}

const loop = new RunLoop({ doWork: turn, nextDeadline: Infinity, deliveriesPerTurn: 1 }, fabric, error => {
  throw error;
});
onRelayed((rank, value) => {
  const { address, key } = value as Record<'address' | 'key', number[]>;
  const { index } = fabric.connect(Uint8Array.from(address), Uint8Array.from(key), region);
  peers.set(rank, index);
  loop.wake();
});
relay({ address: [...fabric.address], key: [...region.key] });
const keepAlive = setInterval(microsecondsNow, 1_000);
process.once('SIGTERM', () => process.exit());
report(await medianRound(() => blocks * BLOCK_BYTES, job.seconds));
keepAlive.ref();
