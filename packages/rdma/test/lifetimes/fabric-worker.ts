/** A worker thread with a fabric. `workerData` says what it does; it tells its address and key first. */
import { createFabric } from '@bowecho/rdma';
import { parentPort, workerData } from 'node:worker_threads';
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';

export type Task = 'end' | 'spin' | 'echo' | 'throw';
export interface Introduction {
  readonly address: Uint8Array;
  readonly key: Uint8Array;
}

const { task, address, key } = workerData as { task: Task } & Introduction;
const fabric = createFabric('shared-memory');
const source = fabric.register(64);
const target = fabric.register(64);
const peer = fabric.connect(address, key, source);
const batch = span(peer, 64);
parentPort!.postMessage({ address: fabric.address, key: target.key } satisfies Introduction);

switch (task) {
  case 'end': // with everything open, and a sleeper
    fabric.push(batch, 1);
    fabric.arm(() => {});
    break;
  case 'throw':
    fabric.arm(() => {});
    throw new Error('planted');
  case 'spin': // until it is terminated
    for (;;) {
      fabric.push(batch, 1);
      if (fabric.poll() === 0) await nextTurn();
    }
  case 'echo': {
    const from = new Float64Array(target.memory);
    const to = new Float64Array(source.memory);
    const answer = (): void => {
      do {
        fabric.poll();
        if (to[0] === from[0]) continue;
        to[0] = from[0]!;
        fabric.push(batch, 1);
      } while (!fabric.arm(answer));
    };
    answer();
    parentPort!.on('message', () => {
      parentPort!.close();
      fabric.close(() => {});
    });
  }
}
