/**
 * `raw`: ordered messages without actors, three members on one thread. Every message is delivered at every member; the
 * rate is that of one member. The floor does the unavoidable and nothing else: it copies the payload into three rings and
 * calls three callbacks, with no order, no acknowledgement and no lengths.
 */
import { everywhere } from '@bowecho/testing';
import { CountingApplication, createGroup, pump } from './in-process-group.js';
import { rateOf, type BenchOptions } from './measure.js';
import { rateResult, type Result } from './report.js';
import { ringBytesFor } from './ring-size.js';

const NODES = 3;
/** Bytes that a sender queues in one turn, about. */
const TURN_BYTES = 64 * 1024;

export function benchRaw(sizes: readonly number[], options: BenchOptions): Result[] {
  return sizes.flatMap(size => [rawRate(size, 'all', NODES, options), rawRate(size, 'one', 1, options)]);
}

function rawRate(size: number, senders: string, senderCount: number, options: BenchOptions): Result {
  const group = createGroup(NODES, [everywhere(NODES)], ringBytesFor(size));
  const payload = new Uint8Array(size).fill(1);
  const batch = Math.max(1, Math.min(128, Math.floor(TURN_BYTES / (size + 32))));
  const value = rateOf(() => pump(group, senderCount, payload, batch, 100), options);
  return rateResult({
    case: 'raw',
    fabric: 'in-process',
    size,
    senders,
    value,
    unit: 'messages/s',
    floor: copyRate(payload, options),
    against: 'copies',
  });
}

function copyRate(payload: Uint8Array, options: BenchOptions): number {
  const ringBytes = ringBytesFor(payload.length);
  const rings = Array.from({ length: NODES }, () => new Uint8Array(ringBytes));
  const applications = rings.map(() => new CountingApplication());
  const delivery = {
    set: 0,
    sender: 0,
    isMine: false,
    vid: 0,
    ordinal: 0,
    time: 0,
    memory: rings[0]!,
    offset: 0,
    length: payload.length,
  };
  let offset = 0;
  return rateOf(() => {
    for (let i = 0; i < 1000; i++) {
      if (offset + payload.length > ringBytes) offset = 0;
      for (let node = 0; node < NODES; node++) {
        rings[node]!.set(payload, offset);
        delivery.memory = rings[node]!;
        delivery.offset = offset;
        applications[node]!.deliver(delivery);
      }
      offset += payload.length;
    }
    return 1000;
  }, options);
}
