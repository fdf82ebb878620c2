/**
 * The messages of a run, the same for whoever asks: what rank `rank` sends as its message `ticket` follows from the two. So
 * what was sent is known of a process that was killed, too. Sizes are mixed: most are small, a few take many writes.
 */
import { mix } from '@bowecho/testing';

const SMALL_BYTES = 200;
const MIDDLE_BYTES = 4 * 1024;
export const LARGEST_BYTES = 100 * 1024;

export function lengthOf(rank: number, ticket: number): number {
  const draw = mix(mix(0x5eed, rank), ticket) >>> 0;
  const within = draw >>> 8;
  if (draw % 100 < 90) return within % SMALL_BYTES;
  if (draw % 100 < 99) return within % MIDDLE_BYTES;
  return LARGEST_BYTES - (within % 1000);
}

/** Fills the first bytes of `payload`; how many. */
export function fillPayload(payload: Uint8Array, rank: number, ticket: number): number {
  const length = lengthOf(rank, ticket);
  let word = mix(rank + 1, ticket);
  for (let i = 0; i < length; i++) {
    word = Math.imul(word, 1664525) + 1013904223;
    payload[i] = word >>> 24;
  }
  return length;
}
