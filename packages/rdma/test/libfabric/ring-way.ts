/**
 * RingWay is a way between two fabrics along which one publishes as the protocol does: bytes of two rings, each followed by
 * its block of counters, all in one push. The reader believes a block when it is whole, and then checks every byte that the block vouches
 * for.
 *
 *     ring A | block A: number, tail, number | ring B | block B: number, tail, number
 */
import { BORROWED, CAPTURED, PUSH_STRIDE, type Fabric, type Peer, type Region } from '@bowecho/core';

const CELL_BYTES = 8;
const RING_BYTES = 1 << 18;
const BLOCK_CELLS = 3;
const TABLE_BYTES = RING_BYTES + 64;
const TABLES = 2;
export const WAY_BYTES = TABLES * TABLE_BYTES;
/** No more is published at once, so that a ring has room for what is still to be read. */
export const MOST_BYTES = RING_BYTES / 4;

/** The byte at a position of a ring, ever. Positions that fall on the same place in the ring have other bytes. */
function byteAt(table: number, position: number): number {
  return (Math.imul((position ^ (position >>> 14)) + table, 0x9e3779b1) >>> 24) & 255;
}

export class RingWay {
  private readonly source: Uint8Array;
  private readonly target: Uint8Array;
  private readonly sourceCells: Float64Array;
  private readonly targetCells: Float64Array;
  private readonly published = [0, 0];
  private readonly checked = [0, 0];
  private number = 0;

  constructor(
    private readonly from: Fabric,
    private readonly peer: Peer,
    source: Region,
    target: Region,
  ) {
    this.source = new Uint8Array(source.memory);
    this.target = new Uint8Array(target.memory);
    this.sourceCells = new Float64Array(source.memory);
    this.targetCells = new Float64Array(target.memory);
  }

  /** All that was published has been read. */
  get isRead(): boolean {
    return this.published.every((tail, table) => tail === this.checked[table]);
  }

  /** Whether so many bytes more fit, while those that were not read stay. */
  hasRoom(bytes: number): boolean {
    return this.published.every((tail, table) => tail - this.checked[table]! + bytes <= RING_BYTES);
  }

  /** One push of `bytes` bytes of each ring and their counters. */
  publish(bytes: number): void {
    this.number++;
    const descriptors: number[] = [];
    const add = (at: number, length: number, flags: number): void => {
      if (length > 0) descriptors.push(this.peer.index, at, at, length, flags);
    };
    for (let table = 0; table < TABLES; table++) {
      const ring = table * TABLE_BYTES;
      const tail = this.published[table]!;
      for (let i = 0; i < bytes; i++) this.source[ring + ((tail + i) % RING_BYTES)] = byteAt(table, tail + i);
      const begin = tail % RING_BYTES;
      const whole = Math.min(bytes, RING_BYTES - begin);
      add(ring + begin, whole, BORROWED);
      add(ring, bytes - whole, BORROWED);
      this.published[table] = tail + bytes;
      const block = ring + RING_BYTES;
      this.sourceCells.set([this.number, tail + bytes, this.number], block / CELL_BYTES);
      add(block, BLOCK_CELLS * CELL_BYTES, CAPTURED);
    }
    const batch = Int32Array.from(descriptors);
    const count = batch.length / PUSH_STRIDE;
    if (this.from.push(batch, count) !== count) throw new Error('the fabric is full');
  }

  /** Reads what has landed. @throws Error where a counter vouches for bytes that are not there */
  read(): void {
    for (let table = 0; table < TABLES; table++) {
      const ring = table * TABLE_BYTES;
      const block = (ring + RING_BYTES) / CELL_BYTES;
      const [first, tail, last] = this.targetCells.subarray(block, block + BLOCK_CELLS);
      if (first !== last) continue;
      for (let at = this.checked[table]!; at < tail!; at++) {
        const byte = this.target[ring + (at % RING_BYTES)];
        if (byte === byteAt(table, at)) continue;
        throw new Error(
          `push ${first} vouches for ${tail} bytes of ring ${table}, and byte ${at} is ${byte}`,
        );
      }
      this.checked[table] = tail!;
    }
  }
}
