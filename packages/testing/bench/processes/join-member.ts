/**
 * A member with much state, in a process of its own: a part of the keys that it fills itself, then it writes to keys all the
 * time. Whoever comes later, and learns the state from the others, writes as well once it is a member.
 */
import { createCluster, type FabricName } from '@bowecho/actors';
import { Box } from '../box.js';
import { job, myRank } from './job.js';

/** What the launcher says: fill your part; count anew from now on; tell what you counted. */
export type JoinRequest = 'fill' | 'count' | 'tell';

/** What a member tells. */
export type JoinReport =
  | { readonly kind: 'in'; readonly view: number; readonly members: readonly string[]; readonly at: number }
  | { readonly kind: 'filled' }
  | {
      readonly kind: 'counted';
      readonly answers: number;
      /** The longest time between two answers, microseconds. */
      readonly longestGap: number;
      readonly micros: number;
    };

/** Calls in flight while it fills, and while it writes. */
const FILLING_LANES = 256;
const LANES = 16;

function microsNow(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

const tell = (report: JoinReport): void => void process.send!(report);
const cluster = await createCluster({
  fabric: job.fabric as FabricName,
  actors: [Box],
  log: false,
  ringBytes: job.ringBytes,
});
const { size, members, keys } = job as Required<typeof job>;
const text = 'x'.repeat(size);
/** A new text each time, as a user's are. */
const textOf = (number: number): string => `${number} ${text}`.slice(0, size);
let answers = 0;
let longestGap = 0;
let countedFrom = 0;
let lastAnswer = 0;
let isWriting = false;

function answered(): void {
  const now = microsNow();
  longestGap = Math.max(longestGap, now - lastAnswer);
  lastAnswer = now;
  answers++;
}

async function fill(): Promise<void> {
  let next = myRank;
  const lane = async (): Promise<void> => {
    for (let key = next; key < keys; key = next) {
      next += members;
      await cluster.get(Box, `k${key}`).put(textOf(key));
    }
  };
  await Promise.all(Array.from({ length: FILLING_LANES }, lane));
  tell({ kind: 'filled' });
}

function write(): void {
  if (isWriting) return;
  isWriting = true;
  const lane = async (number: number): Promise<void> => {
    for (let at = number; ; at = (at * 31 + 17) % keys) {
      try {
        await cluster.get(Box, `k${at}`).put(textOf(at));
      } catch {
        return; // it ends with the group
      }
      answered();
    }
  };
  for (let number = 0; number < LANES; number++) void lane(myRank * LANES + number);
}

process.on('message', (request: JoinRequest) => {
  if (request === 'fill') void fill();
  else if (request === 'count') {
    answers = 0;
    longestGap = 0;
    countedFrom = lastAnswer = microsNow();
    write();
  } else {
    const now = microsNow();
    const micros = now - countedFrom;
    tell({ kind: 'counted', answers, longestGap: Math.max(longestGap, now - lastAnswer), micros });
  }
});
cluster.on('view', ({ id, members: names }) =>
  tell({ kind: 'in', view: id, members: names, at: microsNow() }),
);
await cluster.whenReady();
const { view } = cluster;
tell({ kind: 'in', view: view!.id, members: view!.members, at: microsNow() });
