/**
 * Frames are the pieces of what is said on a connection after the preamble:
 *
 * ```
 * | payload length u32 | kind u8 | payload |      little-endian
 * ```
 *
 * The reader takes the stream in whatever pieces it comes and gives whole frames. It believes nothing: memory grows with
 * the bytes that came and not with those that were announced, and a frame above the limit is refused by its header.
 */
import { assert } from '@bowecho/core';
import { Unreadable } from './unreadable.js';

export const FRAME_KIND = {
  /** Who I am; from the dialer first, then from the one who answers. */
  greeting: 1,
  /** Why I have nothing to do with you, in UTF-8. The last frame of its sender. */
  refusal: 2,
  keys: 3,
  application: 4,
  decided: 5,
  transfer: 6,
} as const;

export interface Frame {
  readonly kind: number;
  /** A view of what was read, of nobody else. */
  readonly payload: Buffer;
}

export const HEADER_BYTES = 5;

/** What a payload gets at first that did not come whole. */
const FIRST_PAYLOAD_BYTES = 4 * 1024;

const NOTHING = Buffer.alloc(0);

/** Writes a header to the start of `target`. */
export function writeHeader(target: Buffer, kind: number, payloadBytes: number): void {
  target.writeUInt32LE(payloadBytes, 0);
  target[4] = kind;
}

/** A frame around a payload, in one piece. */
export function frameOf(kind: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  writeHeader(frame, kind, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

export class FrameReader {
  private chunk: Buffer = NOTHING;
  private at = 0;
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerBytes = 0;
  /** The payload that did not come whole; its capacity doubles, so that no byte is copied more than about twice. */
  private payload: Buffer = NOTHING;
  private payloadBytes = 0;

  /** @param maxBytes the largest payload that is taken; may change between two frames */
  constructor(public maxBytes: number) {}

  /** Whether a part of a frame came, and the rest of it did not. */
  get isInsideFrame(): boolean {
    return this.headerBytes > 0;
  }

  /** Takes the next bytes of the stream. Call `next` until it has no more, before this again. */
  push(chunk: Buffer): void {
    assert(this.at === this.chunk.length, `${this.chunk.length - this.at} bytes were not read yet`);
    this.chunk = chunk;
    this.at = 0;
  }

  /**
   * The next whole frame; undefined until more bytes come.
   *
   * @throws Unreadable if a frame is announced that is larger than `maxBytes`
   */
  next(): Frame | undefined {
    if (!this.readHeader()) return undefined;
    const length = this.header.readUInt32LE(0);
    if (length > this.maxBytes) {
      throw new Unreadable(`a frame of ${length} bytes was announced, and ${this.maxBytes} are allowed`);
    }
    const payload = this.readPayload(length);
    if (payload === undefined) return undefined;
    this.headerBytes = 0;
    return { kind: this.header[4]!, payload };
  }

  private readHeader(): boolean {
    const bytes = Math.min(HEADER_BYTES - this.headerBytes, this.chunk.length - this.at);
    this.chunk.copy(this.header, this.headerBytes, this.at, this.at + bytes);
    this.at += bytes;
    this.headerBytes += bytes;
    return this.headerBytes === HEADER_BYTES;
  }

  private readPayload(length: number): Buffer | undefined {
    const start = this.at;
    const here = Math.min(length - this.payloadBytes, this.chunk.length - start);
    this.at += here;
    // It came in one piece, as most do: no copy.
    if (here === length) return this.chunk.subarray(start, this.at);
    this.reserve(this.payloadBytes + here, length);
    this.chunk.copy(this.payload, this.payloadBytes, start, this.at);
    this.payloadBytes += here;
    if (this.payloadBytes < length) return undefined;
    const payload = this.payload.subarray(0, length);
    this.payload = NOTHING;
    this.payloadBytes = 0;
    return payload;
  }

  private reserve(bytes: number, length: number): void {
    if (bytes <= this.payload.length) return;
    const capacity = Math.min(length, Math.max(FIRST_PAYLOAD_BYTES, 2 * this.payload.length, bytes));
    // Allocated apart from the shared pool: a payload may be kept for long, and nobody else shall be kept with it.
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.payload.copy(larger, 0, 0, this.payloadBytes);
    this.payload = larger;
  }
}
