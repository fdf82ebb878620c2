/** Goal: fabrics in worker threads work beside those of the main thread, and whatever way a thread ends, it leaves nothing. */
import type { Fabric, Region } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { Worker } from 'node:worker_threads';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';
import { describeSharedMemory } from '../describe-shared-memory.js';
import type { Introduction, Task } from './fabric-worker.js';

interface Mine {
  readonly fabric: Fabric;
  readonly source: Region;
  readonly target: Region;
}

interface Started {
  readonly worker: Worker;
  readonly theirs: Introduction;
  /** Resolves when the thread is gone, however it went. */
  readonly exited: Promise<unknown>;
}

async function startWorker(task: Task, mine: Mine): Promise<Started> {
  const worker = new Worker(new URL('./fabric-worker.js', import.meta.url), {
    workerData: { task, address: mine.fabric.address, key: mine.target.key },
  });
  worker.on('error', () => {}); // 'throw' throws; the exit says enough
  // Listened for at once: a short thread is gone in the same turn in which its message comes.
  const exited = new Promise(resolve => worker.once('exit', resolve));
  const theirs = await new Promise<Introduction>(resolve => worker.once('message', resolve));
  return { worker, theirs, exited };
}

describeSharedMemory('shared memory in worker threads', () => {
  let mine: Mine;

  beforeEach(() => {
    const fabric = createFabric('shared-memory');
    mine = { fabric, source: fabric.register(64), target: fabric.register(64) };
  });
  afterEach(() => mine.fabric.close(() => {}));

  it('carries writes and wakes between a worker and the main thread', async () => {
    const { worker, theirs, exited } = await startWorker('echo', mine);
    const peer = mine.fabric.connect(theirs.address, theirs.key, mine.source);
    const to = new Float64Array(mine.source.memory);
    const from = new Float64Array(mine.target.memory);
    for (let round = 1; round <= 500; round++) {
      to[0] = round;
      mine.fabric.push(span(peer, 8), 1);
      while (from[0] !== round) {
        await new Promise<void>(resolve => {
          if (!mine.fabric.arm(resolve)) resolve();
        });
        mine.fabric.poll();
      }
    }
    worker.postMessage('end');
    await exited;
  });

  for (const task of ['end', 'throw', 'spin'] as const) {
    it(`leaves nothing of a thread that ${task === 'spin' ? 'is terminated in the middle' : `${task}s`}`, async () => {
      const measure = async (): Promise<void> => {
        const { worker, exited } = await startWorker(task, mine);
        if (task === 'spin') await worker.terminate();
        await exited;
        await nextTurn();
      };
      await measure(); // the first worker makes Node open descriptors that stay
      const before = holdings();
      for (let i = 0; i < 5; i++) await measure();
      expect(holdings()).to.deep.equal(before);
    });
  }
});
