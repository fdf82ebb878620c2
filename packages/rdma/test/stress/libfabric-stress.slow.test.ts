/** Goal: as libfabric-stress.test.ts, for about a minute. */
import { expect } from 'chai';
import { TCP, describeLibfabric } from '../libfabric/describe-libfabric.js';
import type { Hunt } from './stress-link.js';
import { stress } from './stress-run.js';

const COUNTS: Readonly<Record<Hunt, number>> = {
  'torn counters': 300_000,
  'bytes after their counter': 30_000_000,
  'lost wake-ups': 50_000,
  'lost wake-ups of many': 30_000,
};

describeLibfabric('TCP under long stress', () => {
  for (const [hunt, count] of Object.entries(COUNTS) as [Hunt, number][]) {
    it(`has no ${hunt}`, async () => {
      expect((await stress({ fabric: TCP, hunt, count, mutant: undefined })).found).to.equal(undefined);
    });
  }
});
