/**
 * Random is where every choice of a simulation comes from: a seeded generator that can be split into streams.
 *
 * Each use (network, schedule, workload, ...) draws from a stream of its own, made by `split(label)`. A stream depends on
 * the seed and the labels alone, never on how much another stream was used, so a new draw in one place does not shift
 * the choices of all others, and an old seed keeps telling mostly the same story.
 *
 * The numbers are pure-rand's xoroshiro128+. Its four words of state are filled by a mixer, because its own seeding makes
 * neighbouring seeds begin alike, and simulations are run over seeds 0, 1, 2, ...
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** What starts a generator: a number of any size, or any text. */
export type Seed = number | string;

const TWO_TO_THE_32 = 4294967296;

export class Random {
  private readonly generator: { next(): number };

  private constructor(
    private readonly low: number,
    private readonly high: number,
  ) {
    this.generator = xoroshiro128plusFromState([
      mix(low, 0x9e3779b9),
      mix(high, 0x85ebca6b),
      mix(low ^ 0x27d4eb2f, high),
      mix(high ^ 0x165667b1, low) | 1, // the state may be anything but all zeros
    ]);
  }

  /**
   * The generator of a seed.
   *
   * @example
   * const network = Random.fromSeed('bank-1').split('network');
   */
  static fromSeed(seed: Seed): Random {
    const text = String(seed);
    return new Random(hashText(text, 0x811c9dc5), hashText(text, 0x2f0b4a27));
  }

  /** The stream called `label`: always the same one, whatever was drawn before. */
  split(label: string): Random {
    return new Random(hashText(label, this.low), hashText(label, this.high));
  }

  /** The next 32 bits, as a signed integer. */
  next(): number {
    return this.generator.next();
  }

  /** An integer from 0 up to but not including `count`. */
  below(count: number): number {
    return Math.floor(((this.generator.next() >>> 0) * count) / TWO_TO_THE_32);
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `probability` of all cases. */
  chance(probability: number): boolean {
    return this.generator.next() >>> 0 < probability * TWO_TO_THE_32;
  }

  /** One of `items`. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** Mixes two words so that each bit of both reaches each bit of the result. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 16) ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

function hashText(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i) + 1);
  return mix(hash, text.length);
}
