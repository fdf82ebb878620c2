/**
 * StateSet remembers which states were seen, 8 bytes each: an open table of 64-bit hashes that doubles when it is two
 * thirds full.
 */
import type { Digest64 } from './state-hash.js';

const FIRST_CAPACITY = 1 << 12;

export class StateSet {
  /** Two words per place; both 0 where it is free. */
  private words = new Int32Array(2 * FIRST_CAPACITY);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Says whether it is new. */
  add({ a, b }: Digest64): boolean {
    if (this.count * 3 > this.words.length) this.grow();
    return this.place(a, b === 0 && a === 0 ? 1 : b);
  }

  private place(a: number, b: number): boolean {
    const { words } = this;
    const mask = words.length / 2 - 1;
    for (let at = a & mask; ; at = (at + 1) & mask) {
      const first = words[2 * at]!;
      const second = words[2 * at + 1]!;
      if (first === a && second === b) return false;
      if (first !== 0 || second !== 0) continue;
      words[2 * at] = a;
      words[2 * at + 1] = b;
      this.count++;
      return true;
    }
  }

  private grow(): void {
    const old = this.words;
    this.words = new Int32Array(2 * old.length);
    this.count = 0;
    for (let at = 0; at < old.length; at += 2)
      if (old[at] !== 0 || old[at + 1] !== 0) this.place(old[at]!, old[at + 1]!);
  }
}
