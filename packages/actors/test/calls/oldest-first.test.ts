/** Goal: of many things whose marks grow, come and go the one with the least is found. Method: compared with looking at all. */
import { expect } from 'chai';
import fc from 'fast-check';
import { OldestFirst } from '../../src/calls/oldest-first.js';

describe('the oldest first', () => {
  it('is the one with the least mark, whatever has grown since', () => {
    const step = fc.record({ item: fc.nat(5), by: fc.integer({ min: 1, max: 9 }), empties: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), steps => {
        const marks = new Array<number>(6).fill(Infinity);
        const oldest = new OldestFirst<number>(item => marks[item]!);
        let last = 0;
        for (const { item, by, empties } of steps) {
          if (marks[item] === Infinity) marks[item] = last = last + by;
          else marks[item] = empties ? Infinity : (last = Math.max(last, marks[item]!) + by);
          oldest.note(item);
          const least = Math.min(...marks);
          expect(oldest.least).to.be.at.most(least);
          const first = oldest.first();
          if (least === Infinity) expect(first).to.equal(undefined);
          else expect(marks[first!]).to.equal(least);
        }
      }),
      { numRuns: 500 },
    );
  });
});
