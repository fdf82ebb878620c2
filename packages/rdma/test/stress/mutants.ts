/** Fabrics that break one promise each, by giving a whole fabric the wrong orders. */
import {
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
  type Fabric,
} from '@bowecho/core';
import type { Mutant } from './stress-link.js';
import { CELL_BYTES } from './stress-row.js';

/** Puts `push` and `arm` in the place of those of `fabric`. */
function changed(fabric: Fabric, change: Partial<Pick<Fabric, 'push' | 'arm'>>): Fabric {
  return {
    address: fabric.address,
    register: bytes => fabric.register(bytes),
    connect: (address, key, local) => fabric.connect(address, key, local),
    disconnect: peer => fabric.disconnect(peer),
    push: (batch, count) => fabric.push(batch, count),
    poll: () => fabric.poll(),
    drain: events => fabric.drain(events),
    arm: onReady => fabric.arm(onReady),
    yieldProcessor: () => fabric.yieldProcessor(),
    close: onClosed => fabric.close(onClosed),
    ...change,
  };
}

export function mutate(fabric: Fabric, mutant: Mutant): Fabric {
  const one = new Int32Array(PUSH_STRIDE);
  switch (mutant) {
    case 'splits cells':
      return changed(fabric, {
        push: (batch, count) => {
          for (let i = 0; i < count; i++) {
            const at = i * PUSH_STRIDE;
            const length = batch[at + PUSH_LENGTH]!;
            const half = (length >> 1) - ((length >> 1) % CELL_BYTES) + CELL_BYTES / 2;
            const [peer, from, to] = [PUSH_PEER, PUSH_LOCAL_OFFSET, PUSH_REMOTE_OFFSET].map(
              at2 => batch[at + at2]!,
            );
            one.set([peer!, from!, to!, half, batch[at + PUSH_FLAGS]!]);
            fabric.push(one, 1);
            one.set([peer!, from! + half, to! + half, length - half, batch[at + PUSH_FLAGS]!]);
            fabric.push(one, 1);
          }
          return count;
        },
      });
    case 'publishes the ends of a block before its middle':
      return changed(fabric, {
        push: (batch, count) => {
          for (let i = 0; i < count; i++) {
            const [peer, from, to, length, flags] = batch.subarray(i * PUSH_STRIDE, (i + 1) * PUSH_STRIDE);
            const last = length! - CELL_BYTES;
            for (const [at, bytes] of [
              [0, CELL_BYTES],
              [last, CELL_BYTES],
              [CELL_BYTES, last - CELL_BYTES],
            ] as const) {
              one.set([peer!, from! + at, to! + at, bytes, flags!]);
              fabric.push(one, 1);
            }
          }
          return count;
        },
      });
    case 'publishes before the bytes':
      return changed(fabric, {
        push: (batch, count) => {
          for (let i = count - 1; i >= 0; i--) {
            one.set(batch.subarray(i * PUSH_STRIDE, (i + 1) * PUSH_STRIDE));
            fabric.push(one, 1);
          }
          return count;
        },
      });
    case 'looks once more before it sleeps':
      return changed(fabric, {
        arm: onReady => {
          fabric.yieldProcessor(); // so that something lands
          fabric.poll(); // and nobody reads what it was about
          return fabric.arm(onReady);
        },
      });
  }
}
