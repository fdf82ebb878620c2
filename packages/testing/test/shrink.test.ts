/**
 * Goal: a failing world is cut down to what makes it fail. Method: a planted bug that shows only where writes were lost and
 * later ones seen; of all that breaks in the worlds where it shows, little more than that cut may be left.
 */
import { Engine } from '@bowecho/core';
import {
  CheckError,
  createScene,
  replayWorld,
  runSeed,
  shrinkList,
  shrinkSeed,
  type ShrunkWorld,
} from '@bowecho/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { replaceMethod, type Restore } from './mutants/mutant.js';

function believeWhatComesAfterLostWrites(): Restore {
  return replaceMethod<Engine, [number, string], void>(
    Engine,
    'broken',
    () =>
      function (rank, reason) {
        this.manager.suspect(rank, reason);
      },
  );
}

/** The first world of at least `faults` faults that fails. */
function findFailing(faults: number): number {
  for (let seed = 0; seed < 4000; seed++) {
    try {
      if (createScene('faulty', seed).world.faults.length >= faults) runSeed('faulty', seed);
    } catch (error) {
      if (error instanceof CheckError) return seed;
      throw error;
    }
  }
  throw new Error('no world fails');
}

describe('shrinking', () => {
  it('keeps of a list what cannot be left out', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(60), { minLength: 1 }),
        fc.infiniteStream(fc.boolean()),
        (items, coin) => {
          const needed = items.filter(() => coin.next().value);
          const part = shrinkList(items, kept => needed.every(item => kept.includes(item)));
          expect(part).to.deep.equal(needed);
        },
      ),
    );
  });

  it('leaves of a world with many faults the cut that matters, as JSON that replays', () => {
    const restore = believeWhatComesAfterLostWrites();
    try {
      const seed = findFailing(8);
      const small = shrinkSeed('faulty', seed)!;
      expect(small.faults.length).to.be.within(1, 3);
      expect(small.faults.some(fault => fault.kind === 'cut' && fault.loss === 'gap')).to.equal(true);
      const again = replayWorld(JSON.parse(JSON.stringify(small)) as ShrunkWorld, () => undefined);
      expect(again?.violation).to.include({ checker: small.checker, sentence: small.sentence });
    } finally {
      restore();
    }
  });

  it('has nothing to shrink in a world that is well', () => {
    expect(shrinkSeed('faulty', 1)).to.equal(undefined);
  });
});
