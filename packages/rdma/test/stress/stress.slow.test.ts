/**
 * Goal: as stress.test.ts, for about two minutes. And an addon that forgets the full barrier between writing bytes and looking
 * at the doorbell's word loses a wake-up here, after some 40,000 balls where it was measured: so this hunt sees what no reading of
 * the code can show.
 */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeSharedMemory } from '../describe-shared-memory.js';
import type { Hunt } from './stress-link.js';
import { stress } from './stress-run.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));

const COUNTS: Readonly<Record<Hunt, number>> = {
  'torn counters': 8_000_000,
  'bytes after their counter': 200_000_000,
  'lost wake-ups': 1_000_000,
  'lost wake-ups of many': 600_000,
};

describeSharedMemory('shared memory under long stress', () => {
  for (const [hunt, count] of Object.entries(COUNTS) as [Hunt, number][]) {
    it(`has no ${hunt}`, async () => {
      expect((await stress({ fabric: 'shared-memory', hunt, count, mutant: undefined })).found).to.equal(
        undefined,
      );
    });
  }

  it('would lose wake-ups without the full barrier', async () => {
    const build = [
      'scripts/build.mjs',
      '--variant',
      'no-full-barrier',
      '--include',
      'test/stress/no-full-barrier.h',
    ];
    const { status, stderr } = spawnSync(process.execPath, build, { cwd: PACKAGE, encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
    // node-gyp-build looks there first; the name is made of the package's.
    const env = { '@BOWECHO/RDMA_PREBUILD': `${PACKAGE}build/variants/no-full-barrier` };
    const { found } = await stress(
      {
        fabric: 'shared-memory',
        hunt: 'lost wake-ups',
        count: COUNTS['lost wake-ups'] * 4,
        mutant: undefined,
      },
      env,
    );
    expect(found).to.match(/^a lost wake-up/);
  });
});
