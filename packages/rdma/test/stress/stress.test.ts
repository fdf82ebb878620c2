/**
 * Goal: three processes at once find no torn counter, no byte that comes after its counter, and no wake-up that is lost; and
 * each of these hunts finds a fabric that breaks just this. The slow tier does the same for minutes.
 */
import { expect } from 'chai';
import { describeSharedMemory } from '../describe-shared-memory.js';
import type { Hunt, Mutant } from './stress-link.js';
import { stress } from './stress-run.js';

const COUNTS: Readonly<Record<Hunt, number>> = {
  'torn counters': 50_000,
  'bytes after their counter': 3_000_000,
  'lost wake-ups': 5_000,
  'lost wake-ups of many': 5_000,
};

const MUTANTS: readonly { hunt: Hunt; mutant: Mutant; found: RegExp }[] = [
  { hunt: 'torn counters', mutant: 'splits cells', found: /^a torn / },
  {
    hunt: 'bytes after their counter',
    mutant: 'publishes before the bytes',
    found: /^a counter before its bytes/,
  },
  { hunt: 'lost wake-ups', mutant: 'looks once more before it sleeps', found: /^a lost wake-up/ },
];

describeSharedMemory('shared memory under stress', () => {
  for (const [hunt, count] of Object.entries(COUNTS) as [Hunt, number][]) {
    it(`has no ${hunt}`, async () => {
      expect((await stress({ fabric: 'shared-memory', hunt, count, mutant: undefined })).found).to.equal(
        undefined,
      );
    });
  }

  for (const { hunt, mutant, found } of MUTANTS) {
    it(`would have ${hunt} if it were one that ${mutant}`, async () => {
      const result = await stress({ fabric: 'shared-memory', hunt, count: COUNTS[hunt] * 20, mutant });
      expect(result.found).to.match(found);
    });
  }
});
