/** Two fabrics of this process with a way from the first to the second. */
import { CAPTURED, PUSH_STRIDE, type Fabric, type Peer, type Region } from '@bowecho/core';
import { createFabric, type FabricOptions } from '@bowecho/rdma';

export interface Pair {
  readonly a: Fabric;
  readonly b: Fabric;
  readonly source: Region;
  readonly target: Region;
  readonly peer: Peer;
}

export function makePair(bytes = 64, name = 'shared-memory', options: FabricOptions = {}): Pair {
  const a = createFabric(name, options);
  const b = createFabric(name, options);
  const source = a.register(bytes);
  const target = b.register(bytes);
  return { a, b, source, target, peer: a.connect(b.address, target.key, source) };
}

export function closePair({ a, b }: Pair): void {
  a.close(() => {});
  b.close(() => {});
}

/** One descriptor: `length` bytes from the beginning to the beginning. */
export function span(peer: Peer, length: number): Int32Array {
  const batch = new Int32Array(PUSH_STRIDE);
  batch.set([peer.index, 0, 0, length, CAPTURED]);
  return batch;
}
