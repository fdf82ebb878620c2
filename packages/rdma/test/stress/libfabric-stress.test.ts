/**
 * Goal: as stress.test.ts, over TCP: a block of counters that is framed by one number is one, no byte comes after its counter, and
 * no wake-up is lost. Each of these hunts finds a fabric that breaks just this. The slow tier does the same for longer.
 */
import { expect } from 'chai';
import { TCP, describeLibfabric } from '../libfabric/describe-libfabric.js';
import type { Hunt, Mutant } from './stress-link.js';
import { stress } from './stress-run.js';

const COUNTS: Readonly<Record<Hunt, number>> = {
  'torn counters': 20_000,
  'bytes after their counter': 1_000_000,
  'lost wake-ups': 1_000,
  'lost wake-ups of many': 1_000,
};

const MUTANTS: readonly { hunt: Hunt; mutant: Mutant; found: RegExp }[] = [
  {
    hunt: 'torn counters',
    mutant: 'publishes the ends of a block before its middle',
    found: /^a torn block/,
  },
  {
    hunt: 'bytes after their counter',
    mutant: 'publishes before the bytes',
    found: /^a counter before its bytes/,
  },
  { hunt: 'lost wake-ups', mutant: 'looks once more before it sleeps', found: /^a lost wake-up/ },
];

describeLibfabric('TCP under stress', () => {
  for (const [hunt, count] of Object.entries(COUNTS) as [Hunt, number][]) {
    it(`has no ${hunt}`, async () => {
      expect((await stress({ fabric: TCP, hunt, count, mutant: undefined })).found).to.equal(undefined);
    });
  }

  for (const { hunt, mutant, found } of MUTANTS) {
    it(`would have ${hunt} if it were one that ${mutant}`, async () => {
      const result = await stress({ fabric: TCP, hunt, count: COUNTS[hunt] * 20, mutant });
      expect(result.found).to.match(found);
    });
  }
});
