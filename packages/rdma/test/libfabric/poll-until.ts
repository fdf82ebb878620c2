/** Drives fabrics of this process until something has come about, and tells what they report. */
import { EVENT_STRIDE, type Fabric } from '@bowecho/core';
import { nextTurn } from '../next-turn.js';

/** Longer than libfabric tries to connect, and than a peer may be stuck. */
const LONGEST_MS = 20_000;

/**
 * Polls all, turn by turn.
 *
 * @throws Error where it has not come about within 20 s
 */
export async function pollUntil(
  what: string,
  fabrics: readonly Pick<Fabric, 'poll'>[],
  isDone: () => boolean,
): Promise<void> {
  const deadline = performance.now() + LONGEST_MS;
  for (;;) {
    for (const fabric of fabrics) fabric.poll();
    if (isDone()) return;
    if (performance.now() > deadline) throw new Error(`for ${LONGEST_MS / 1000} s in vain: ${what}`);
    await nextTurn();
  }
}

/** What was not drained yet: pairs of event and peer index. */
export function drained(fabric: Fabric): [event: number, peer: number][] {
  const events = new Int32Array(16 * EVENT_STRIDE);
  const count = fabric.drain(events);
  return Array.from({ length: count }, (_, i) => [events[i * EVENT_STRIDE]!, events[i * EVENT_STRIDE + 1]!]);
}
