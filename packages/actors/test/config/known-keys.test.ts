/**
 * Goal: a typing error is told from a foreign word. Method: a table, and what a distance must satisfy.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { editDistance, nearestName } from '../../src/config/known-keys.js';

const KNOWN = ['id', 'seeds', 'replicas', 'ringBytes', 'bootstrapTimeout'];

describe('nearest known name', () => {
  const cases: [string, string | undefined][] = [
    ['seed', 'seeds'],
    ['Seeds', 'seeds'],
    ['replica', 'replicas'],
    ['ringbyte', 'ringBytes'],
    ['bootstrapTimout', 'bootstrapTimeout'],
    ['ip', 'id'],
    ['cats', undefined],
    ['', undefined],
    ['timeout', undefined],
  ];
  for (const [given, expected] of cases) {
    it(`of '${given}' is ${expected}`, () => expect(nearestName(given, KNOWN)).to.equal(expected));
  }

  it('measures a distance', () => {
    const word = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).to.equal(editDistance(b, a));
        expect(editDistance(a, b) === 0).to.equal(a === b);
        expect(editDistance(a, c)).to.be.at.most(editDistance(a, b) + editDistance(b, c));
        expect(editDistance(a, b)).to.be.within(Math.abs(a.length - b.length), Math.max(a.length, b.length));
      }),
    );
  });
});
