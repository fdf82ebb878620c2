/** PushList is the push batch of one turn: descriptors as `Fabric.push` takes them, in an array that only ever grows. */
import {
  PUSH_FLAGS,
  PUSH_LENGTH,
  PUSH_LOCAL_OFFSET,
  PUSH_PEER,
  PUSH_REMOTE_OFFSET,
  PUSH_STRIDE,
} from './fabric.js';

const INITIAL_DESCRIPTORS = 64;

export class PushList {
  /** `count` descriptors of `PUSH_STRIDE` int32. */
  batch = new Int32Array(INITIAL_DESCRIPTORS * PUSH_STRIDE);
  count = 0;

  /** Adds a span; tables lie alike everywhere, so it goes to the offset that it comes from. */
  add(peer: number, offset: number, length: number, flags: number): void {
    const at = this.count * PUSH_STRIDE;
    if (at === this.batch.length) {
      const grown = new Int32Array(this.batch.length * 2);
      grown.set(this.batch);
      this.batch = grown;
    }
    const { batch } = this;
    batch[at + PUSH_PEER] = peer;
    batch[at + PUSH_LOCAL_OFFSET] = offset;
    batch[at + PUSH_REMOTE_OFFSET] = offset;
    batch[at + PUSH_LENGTH] = length;
    batch[at + PUSH_FLAGS] = flags;
    this.count++;
  }

  /** Drops the first `accepted` descriptors; the rest keeps its order. */
  accept(accepted: number): void {
    this.batch.copyWithin(0, accepted * PUSH_STRIDE, this.count * PUSH_STRIDE);
    this.count -= accepted;
  }

  clear(): void {
    this.count = 0;
  }
}
