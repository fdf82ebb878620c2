/**
 * libfabric's shm provider keeps its queues in /dev/shm under the process' number (`6588:0:0`). A process that is killed
 * leaves them there, so whoever opens the provider next takes away what belongs to nobody.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** libfabric's name of the provider. */
export const SHM = 'shm';

const FOLDER = '/dev/shm';
const SEGMENT = /^(\d+):\d+:\d+$/;

/** Removes segments of processes that have ended, as far as they are ours to remove. */
export function removeStaleSegments(): void {
  for (const name of readdirSync(FOLDER)) {
    const pid = SEGMENT.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(FOLDER, name));
    } catch {
      // It is another user's, or somebody else was first: it does no harm here.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
