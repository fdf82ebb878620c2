/** How large a ring the benches give a sender: a message may take a quarter of it. */

const SMALL_RING = 4 * 1024 * 1024;
const LARGE_RING = 16 * 1024 * 1024;
/** From this size on messages need the larger ring. */
const LARGE_SIZE = 256 * 1024;

export function ringBytesFor(size: number): number {
  return size >= LARGE_SIZE ? LARGE_RING : SMALL_RING;
}

/** How many calls of that size one member may have under way: large ones fill half of the ring long before there are `most`. */
export function callsUnderWay(most: number, size: number): number {
  return Math.max(1, Math.min(most, Math.floor(ringBytesFor(size) / 2 / (size + 64))));
}
