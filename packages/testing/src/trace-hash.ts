/**
 * TraceHash is a running hash of everything that happened in a world, 64 bits as two words. Two runs of one seed have the
 * same hash or the simulation is not deterministic; it costs a few nanoseconds an event, where a log would cost a
 * microsecond.
 */
export class TraceHash {
  private low = 0x811c9dc5;
  private high = 0x2f0b4a27;

  /** Adds an event: its time in microseconds and three small integers. */
  add(time: number, a: number, b: number, c: number): void {
    this.low = step(step(step(step(this.low, time | 0), a), b), c);
    this.high = step(step(this.high, this.low), a ^ c);
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }
}

function step(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
