/**
 * Goal: different keys never become the same text, and every text survives UTF-8. Method: random lists, and a table of
 * what is refused.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalKey } from '../../src/definition/index.js';
import type { ActorKey } from '../../src/definition/index.js';
import { thrown } from './thrown.js';

const part = fc.string({ maxLength: 6, unit: fc.constantFrom('a', '/', '\\', ' ', 'é', '😀', '\u0001') });
const parts = fc.array(part, { minLength: 1, maxLength: 4 }).filter(list => list.join('\0') !== '');

describe('actor key', () => {
  it('is the same text only for the same parts', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(canonicalKey(a) === canonicalKey(b)).to.equal(JSON.stringify(a) === JSON.stringify(b));
        expect(canonicalKey(a).split('\0')).to.deep.equal(a);
      }),
      { numRuns: 2000 },
    );
  });

  it('is a text for itself, and a list of one text is that text', () => {
    expect(canonicalKey('a/b')).to.equal('a/b');
    expect(canonicalKey(['a/b'])).to.equal('a/b');
    expect(canonicalKey('é'.repeat(128))).to.have.lengthOf(128);
  });

  const bad: [unknown, string][] = [
    ['', 'must have 1 to 256 UTF-8 bytes, but has 0'],
    [[], 'but has 0'],
    ['x'.repeat(257), 'but has 257'],
    ['é'.repeat(129), 'but has 258'],
    ['a\0b', 'U+0000'],
    [['a', 'b\0'], 'U+0000'],
    ['a\ud800', 'surrogate'],
    [5, 'must be a text or a list of texts, but is the number 5'],
    [undefined, 'but is undefined'],
    [null, 'but is null'],
    [['a', 5], 'but holds the number 5'],
    [['a', undefined], 'but holds undefined'],
  ];
  for (const [key, sentence] of bad) {
    it(`refuses ${JSON.stringify(key)?.slice(0, 20)}`, () => {
      const error = thrown(() => canonicalKey(key as ActorKey));
      expect(error.code).to.equal('ARGUMENT_INVALID');
      expect(error.message).to.include(sentence);
    });
  }
});
