/**
 * StateHash turns a state into 64 bits, as two lanes of 32. Two different states of one exploration have the same hash
 * with a chance of about n * n / 2^65 for n states: one in 40 million for a million of them. Then one of the two would
 * not be looked at.
 */

/** The two lanes. */
export interface Digest64 {
  readonly a: number;
  readonly b: number;
}

const FIRST_A = 0x811c9dc5 | 0;
const FIRST_B = 0x2545f491;

const doubles = new Float64Array(1);
const words = new Int32Array(doubles.buffer);

export class StateHash {
  private a = FIRST_A;
  private b = FIRST_B;

  get digest(): Digest64 {
    return { a: this.a, b: this.b };
  }

  /** Adds 32 bits. */
  word(value: number): void {
    const a = Math.imul(this.a ^ value, 0x85ebca6b);
    this.a = a ^ (a >>> 13);
    const b = Math.imul(this.b ^ value, 0xc2b2ae35);
    this.b = ((b ^ (b >>> 16)) + 0x9e3779b9) | 0;
  }

  /** Adds a number of any kind. */
  number(value: number): void {
    if (value === (value | 0)) {
      this.word(value);
      return;
    }
    doubles[0] = value;
    this.word(words[0]!);
    this.word(words[1]!);
  }

  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }

  /** Adds `bytes[start .. start + length)`; both are multiples of 4 within the buffer. */
  memory(buffer: ArrayBuffer, start: number, length: number): void {
    const cells = new Int32Array(buffer, start, length >> 2);
    for (let i = 0; i < cells.length; i++) this.word(cells[i]!);
  }

  add({ a, b }: Digest64): void {
    this.word(a);
    this.word(b);
  }
}
