/**
 * Goal: keys are spread evenly, stay where they are when shards are added, and every version of Bowecho agrees on where.
 * Method: golden values, chi-square, and a comparison of n with n + 1 shards for every n up to 64.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { shardOf } from '../../src/sharding/rendezvous.js';

const KEYS = 10_000;
const keys = Array.from({ length: KEYS }, (_, index) => `user-${index}`);

function chiSquare(counts: readonly number[]): number {
  const expected = KEYS / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function countsOf(type: string, shards: number): number[] {
  const counts = new Array<number>(shards).fill(0);
  for (const key of keys) counts[shardOf(type, key, shards)]!++;
  return counts;
}

describe('rendezvous hash', () => {
  it('never changes: keys must not move when a member is upgraded', () => {
    const golden = ['', 'a', 'eu', 'user-1', 'é😀', 'a\0b'].map(key => shardOf('bank', key, 64));
    expect(golden).to.deep.equal(GOLDEN);
  });

  it('is inside the range, and says nothing but 0 of one shard', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 300 }), (type, key, shards) => {
        const shard = shardOf(type, key, shards);
        expect(shard).to.be.within(0, shards - 1);
        expect(shardOf(type, key, shards)).to.equal(shard);
        expect(shardOf(type, key, 1)).to.equal(0);
      }),
    );
  });

  for (const shards of [2, 3, 7, 16, 64, 256]) {
    it(`is even over ${shards} shards`, () => {
      // The mean is shards - 1 and the variance twice that; five deviations are never met by chance with fixed keys.
      const bound = shards - 1 + 5 * Math.sqrt(2 * (shards - 1));
      expect(chiSquare(countsOf('bank', shards))).to.be.below(bound);
    });
  }

  it('is even within one shard of another type: types are spread apart', () => {
    const inFirst = keys.filter(key => shardOf('bank', key, 8) === 0);
    const counts = new Array<number>(8).fill(0);
    for (const key of inFirst) counts[shardOf('till', key, 8)]!++;
    expect(Math.max(...counts)).to.be.below((inFirst.length / 8) * 1.4);
  });

  it('moves keys only into the shard that is added, about one in n + 1', () => {
    const sample = keys.slice(0, 2000);
    for (let shards = 1; shards < 64; shards++) {
      let moved = 0;
      for (const key of sample) {
        const before = shardOf('bank', key, shards);
        const after = shardOf('bank', key, shards + 1);
        if (before === after) continue;
        expect(after, `${key} moved between old shards at ${shards}`).to.equal(shards);
        moved++;
      }
      const expected = sample.length / (shards + 1);
      expect(moved).to.be.within(expected - 5 * Math.sqrt(expected), expected + 5 * Math.sqrt(expected));
    }
  });
});

const GOLDEN: number[] = [56, 30, 45, 46, 40, 54];
