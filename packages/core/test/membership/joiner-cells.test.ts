/** Goal: who joins is read from cells as it was written, and nobody is read from cells that make no sense. */
import {
  AssertionError,
  JOINER_CELLS,
  MOST_JOINERS,
  fitsInSlot,
  readJoiners,
  writeJoiners,
} from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';

const joiner = fc.record({
  id: fc.stringMatching(/^[\x21-\x7e]{1,64}$/),
  incarnation: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

describe('joiners in cells', () => {
  it('are read as they were written, whatever was there before', () => {
    const some = fc.array(joiner, { maxLength: MOST_JOINERS });
    fc.assert(
      fc.property(some, some, fc.integer({ min: 0, max: 3 }), (before, joiners, at) => {
        const cells = new Float64Array(at + JOINER_CELLS + 1).fill(7);
        writeJoiners(before, cells, at);
        writeJoiners(joiners, cells, at);
        expect(readJoiners(cells, at)).to.deep.equal(joiners);
        expect(cells.filter(cell => cell === 7).length).to.be.at.least(at + 1);
      }),
    );
  });

  it('are nobody in memory that is fresh', () => {
    expect(readJoiners(new Float64Array(JOINER_CELLS), 0)).to.deep.equal([]);
  });

  it('fail the member that finds nonsense', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: JOINER_CELLS, maxLength: JOINER_CELLS }), numbers => {
        try {
          for (const one of readJoiners(Float64Array.from(numbers), 0))
            expect(fitsInSlot(one)).to.equal(true);
        } catch (error) {
          expect(error).to.be.instanceOf(AssertionError);
        }
      }),
    );
  });
});
