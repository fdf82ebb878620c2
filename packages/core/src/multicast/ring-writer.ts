/**
 * RingWriter appends my messages to my ring. A message is written into the ring at once (that is its queue), but it is
 * nobody's before `publish` closes the batch: rounds must be given after receiving, in the turn.
 *
 * Positions count bytes ever written, as doubles; offsets are positions within the ring, as small integers. Bytes may be
 * overwritten once every member has delivered them, which the owner says through `release`.
 *
 * ```
 *   released        tail            end
 *      |  published  |  open batch   |  free ... up to released + ringBytes
 * ```
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

export class RingWriter {
  readonly ringBytes: number;
  private readonly bytes: Uint8Array;
  private readonly ints: Int32Array;
  private readonly doubles: Float64Array;
  private readonly mask: number;
  /** Position up to which bytes may be overwritten. */
  private released = 0;
  /** Position up to which bytes are published. */
  private published = 0;
  /** Position after the last byte of the open batch. */
  private end = 0;
  /** Offset of the open batch's header; -1 while no batch is open. */
  private batchOffset = -1;
  private batchCount = 0;

  constructor(ring: RingMemory) {
    assert(ring.offset % 8 === 0, `ring at offset ${ring.offset}`);
    this.ringBytes = ring.bytes;
    this.mask = ring.bytes - 1;
    this.bytes = new Uint8Array(ring.memory, ring.offset, ring.bytes);
    this.ints = new Int32Array(ring.memory, ring.offset, ring.bytes >> 2);
    this.doubles = new Float64Array(ring.memory, ring.offset, ring.bytes >> 3);
  }

  /** Bytes ever published: the `tail` counter. */
  get tail(): number {
    return this.published;
  }

  /** Messages in the open batch. */
  get openCount(): number {
    return this.batchCount;
  }

  /**
   * Appends a message to the open batch. False: there is no room until more is released, and nothing was written.
   *
   * @param payload its first `length` bytes are copied
   */
  append(payload: Uint8Array, length: number): boolean {
    const offset = this.reserve(length);
    if (offset < 0) return false;
    const { bytes } = this;
    if (length < COPY_BY_HAND_BYTES) {
      for (let i = 0; i < length; i++) bytes[offset + i] = payload[i]!;
    } else {
      bytes.set(length === payload.length ? payload : payload.subarray(0, length), offset);
    }
    return true;
  }

  /** Makes room for a payload in the open batch and returns its offset in the ring, or -1. */
  private reserve(length: number): number {
    const { mask, ringBytes } = this;
    let end = this.end;
    let offset = end & mask; // right for every end below 2^53: `&` works modulo 2^32, which the ring divides
    const opens = this.batchOffset < 0;
    if (opens) {
      const skip = batchSkip(offset, ringBytes);
      end += skip + BATCH_HEADER_BYTES;
      offset = (offset + skip) & mask;
    }
    const headerOffset = offset;
    if (opens) offset = (offset + BATCH_HEADER_BYTES) & mask;
    const size = frameBytes(length);
    const left = ringBytes - offset;
    const pad = size > left ? left : 0;
    if (end + pad + size - this.released > ringBytes) return -1;

    if (opens) this.batchOffset = headerOffset;
    if (pad > 0) {
      this.writeFrameHeader(offset, pad - FRAME_HEADER_BYTES, KIND_PAD);
      offset = 0;
    }
    this.writeFrameHeader(offset, length, KIND_MESSAGE);
    this.end = end + pad + size;
    this.batchCount++;
    return offset + FRAME_HEADER_BYTES;
  }

  private writeFrameHeader(offset: number, length: number, kind: number): void {
    this.ints[offset >> 2] = length;
    this.ints[(offset + 4) >> 2] = kind;
  }

  /**
   * Closes the open batch: from here on its frames are mine to push and everybody's to read.
   *
   * @param round the batch's round
   * @param time my clock, microseconds
   */
  publish(round: number, time: number): void {
    const at = this.batchOffset;
    if (at < 0) fail('no batch is open');
    const skip = batchSkip(this.published & this.mask, this.ringBytes);
    this.ints[(at + BATCH_BYTES_AT) >> 2] = this.end - this.published - skip;
    this.ints[(at + BATCH_COUNT_AT) >> 2] = this.batchCount;
    this.doubles[(at + BATCH_ROUND_AT) >> 3] = round;
    this.doubles[(at + BATCH_TIME_AT) >> 3] = time;
    this.published = this.end;
    this.batchOffset = -1;
    this.batchCount = 0;
  }

  /** Allows overwriting everything before `position`. */
  release(position: number): void {
    if (position < this.released || position > this.published) {
      fail(`release of ${position}, released ${this.released}, published ${this.published}`);
    }
    this.released = position;
  }
}

/** Below this many bytes a loop beats `set`, which costs some 20 ns however little it copies. */
const COPY_BY_HAND_BYTES = 24;
