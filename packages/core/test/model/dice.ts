/** The random choices of one run of a model: the same for the same seed. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Dice {
  private readonly generator: { next(): number };

  constructor(seed: number) {
    this.generator = xoroshiro128plus(Math.imul(seed + 1, 0x9e3779b1));
    for (let i = 0; i < 8; i++) this.generator.next(); // its first numbers show the seed
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return (this.generator.next() >>> 0) % count;
  }

  /** Puts a list into any order. */
  shuffle(list: unknown[]): void {
    for (let i = list.length - 1; i > 0; i--) {
      const other = this.below(i + 1);
      [list[i], list[other]] = [list[other], list[i]];
    }
  }
}
