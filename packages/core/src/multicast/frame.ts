/**
 * Frame is the byte layout inside a ring.
 *
 * ```
 *  batch | bytes i32 | count i32 | round f64 | time f64 | frame | frame | ... |      one per publish step
 *  frame | length i32 | kind i32 | payload, filled up to a multiple of 8     |
 * ```
 *
 * All frames of one publish step share a round and a time, so both stand once, in the batch header; with the number of
 * frames there too, a receiver counts a whole batch by reading 24 bytes. `bytes` is the length of the batch with its
 * header. `time` is the sender's clock in microseconds since 1970.
 *
 * Everything begins on a multiple of 8. A frame never straddles the end of the ring: a pad frame fills the rest. A batch
 * header that would straddle it begins at 0 instead; both sides compute that skip from the position alone.
 */

export const BATCH_HEADER_BYTES = 24;
export const BATCH_BYTES_AT = 0;
export const BATCH_COUNT_AT = 4;
export const BATCH_ROUND_AT = 8;
export const BATCH_TIME_AT = 16;

export const FRAME_HEADER_BYTES = 8;

/** Zero is no kind: memory that nobody wrote is never mistaken for a frame. */
export const KIND_MESSAGE = 1;
export const KIND_PAD = 2;

/** Bytes that a frame with a payload of `length` bytes takes. */
export function frameBytes(length: number): number {
  return FRAME_HEADER_BYTES + ((length + 7) & ~7);
}

/** Bytes to skip at ring offset `offset` before a batch header. */
export function batchSkip(offset: number, ringBytes: number): number {
  const left = ringBytes - offset;
  return left < BATCH_HEADER_BYTES ? left : 0;
}

/** The largest payload that a ring of `ringBytes` takes: a quarter of it, so that a few fit at once. */
export function maxPayloadBytes(ringBytes: number): number {
  return ringBytes / 4 - BATCH_HEADER_BYTES - FRAME_HEADER_BYTES;
}
