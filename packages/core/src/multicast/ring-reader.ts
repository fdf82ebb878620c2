/**
 * RingReader parses one sender's ring in my copy of the table (my own, too): batches when they arrive, frames when they
 * are delivered. It copies nothing; a frame's bytes stay valid until my `delivered` counter that covers it is pushed.
 *
 * What it reads was written by another process. Every length is checked before it is used, and a ring that does not make
 * sense fails the member: its memory was written by something that does not speak this protocol.
 */
import { assert, fail } from '../assert.js';
import type { RingMemory } from '../table/row-layout.js';
import {
  BATCH_BYTES_AT,
  BATCH_COUNT_AT,
  BATCH_HEADER_BYTES,
  BATCH_ROUND_AT,
  BATCH_TIME_AT,
  FRAME_HEADER_BYTES,
  KIND_MESSAGE,
  KIND_PAD,
  batchSkip,
  frameBytes,
} from './frame.js';

export class RingReader {
  /** Where the ring lies in the table's memory. */
  readonly base: number;
  private readonly ringBytes: number;
  private readonly ints: Int32Array;
  private readonly doubles: Float64Array;

  /** Bytes whose batches were counted, and the offset in the ring that this is. */
  private receivedBytes = 0;
  private receivedOffset = 0;
  private lastRound = 0;
  /** Frames counted, and frames handed out. */
  received = 0;
  delivered = 0;

  /** The batch that frames are handed out of: its round (Infinity: nothing is known), time, and frames left. */
  headRound = Infinity;
  headTime = 0;
  private headLeft = 0;
  /** Position at which that batch must end. */
  private headEnd = 0;
  /** Offset of the next frame, or of the next batch once `headLeft` is 0. */
  private readOffset = 0;
  /** Position that belongs to `readOffset`. */
  private readBytes = 0;

  constructor(ring: RingMemory) {
    assert(ring.offset % 8 === 0, `ring at offset ${ring.offset}`);
    this.base = ring.offset;
    this.ringBytes = ring.bytes;
    this.ints = new Int32Array(ring.memory, ring.offset, ring.bytes >> 2);
    this.doubles = new Float64Array(ring.memory, ring.offset, ring.bytes >> 3);
  }

  /**
   * Counts the batches up to `tail`, a value of the sender's `tail` counter.
   *
   * @returns the highest round seen, or 0 where nothing is new
   */
  receive(tail: number): number {
    if (tail === this.receivedBytes) return 0;
    const ahead = tail - this.receivedBytes;
    if (!(ahead > 0 && ahead <= this.ringBytes)) {
      fail(`tail ${tail} is ${ahead} bytes past what was received of a ring of ${this.ringBytes}`);
    }
    let left = ahead;
    let offset = this.receivedOffset;
    while (left > 0) {
      const skip = batchSkip(offset, this.ringBytes);
      offset = (offset + skip) & (this.ringBytes - 1);
      left -= skip;
      const bytes = this.ints[(offset + BATCH_BYTES_AT) >> 2]!;
      const count = this.ints[(offset + BATCH_COUNT_AT) >> 2]!;
      const round = this.doubles[(offset + BATCH_ROUND_AT) >> 3]!;
      if (bytes < BATCH_HEADER_BYTES || bytes > left || (bytes & 7) !== 0 || count <= 0) {
        fail(`batch of ${bytes} bytes and ${count} frames with ${left} bytes left before the tail`);
      }
      if (!(round > this.lastRound && Number.isSafeInteger(round))) {
        fail(`batch of round ${round} after one of round ${this.lastRound}`);
      }
      this.lastRound = round;
      this.received += count;
      left -= bytes;
      offset = (offset + bytes) & (this.ringBytes - 1);
    }
    this.receivedOffset = offset;
    this.receivedBytes = tail;
    if (this.headRound === Infinity) this.openBatch();
    return this.lastRound;
  }

  /** How many frames of the open batch are left. */
  get left(): number {
    return this.headLeft;
  }

  /**
   * Position after the last frame that was handed out. Never past the header of the batch behind it: others may not have
   * read that yet.
   */
  position = 0;

  /**
   * Hands out the next frame: returns the offset of its payload within the table's memory; its length is then in
   * `frameLength`. The caller has checked that one is left.
   */
  nextFrame(): number {
    const { ints, ringBytes } = this;
    let offset = this.readOffset;
    let length = ints[offset >> 2]!;
    let kind = ints[(offset + 4) >> 2]!;
    if (kind === KIND_PAD) {
      if (length !== ringBytes - offset - FRAME_HEADER_BYTES) fail(`pad of ${length} bytes at ${offset}`);
      this.readBytes += ringBytes - offset;
      offset = 0;
      length = ints[0]!;
      kind = ints[1]!;
    }
    const size = frameBytes(length);
    if (kind !== KIND_MESSAGE || length < 0 || offset + size > ringBytes) {
      fail(`frame of kind ${kind} and ${length} bytes at ${offset} in a ring of ${ringBytes}`);
    }
    this.readOffset = (offset + size) & (ringBytes - 1);
    this.readBytes += size;
    this.position = this.readBytes;
    this.delivered++;
    this.headLeft--;
    this.frameLength = length;
    if (this.headLeft === 0) this.openBatch();
    return this.base + offset + FRAME_HEADER_BYTES;
  }

  /** Payload bytes of the frame that `nextFrame` handed out last. */
  frameLength = 0;

  /** Moves to the next received batch, if there is one. */
  private openBatch(): void {
    if (this.readBytes !== this.headEnd)
      fail(`frames of a batch end at ${this.readBytes} and not at ${this.headEnd}`);
    if (this.readBytes === this.receivedBytes) {
      this.headRound = Infinity;
      return;
    }
    const skip = batchSkip(this.readOffset, this.ringBytes);
    const offset = (this.readOffset + skip) & (this.ringBytes - 1);
    this.headRound = this.doubles[(offset + BATCH_ROUND_AT) >> 3]!;
    this.headTime = this.doubles[(offset + BATCH_TIME_AT) >> 3]!;
    this.headLeft = this.ints[(offset + BATCH_COUNT_AT) >> 2]!;
    this.headEnd = this.readBytes + skip + this.ints[(offset + BATCH_BYTES_AT) >> 2]!;
    this.readOffset = (offset + BATCH_HEADER_BYTES) & (this.ringBytes - 1);
    this.readBytes += skip + BATCH_HEADER_BYTES;
  }
}
