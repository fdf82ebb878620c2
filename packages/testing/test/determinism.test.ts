/**
 * Goal: a seed is a run. The same seed gives the same trace hash again in this process, in whatever order seeds are run,
 * and in another process; another seed gives another one.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createScene, replaySeed, runSeed, type ProfileName } from '@bowecho/testing';
import { expect } from 'chai';

const SEEDS = 50;

function hashes(profile: ProfileName, seeds: readonly number[]): string[] {
  return seeds.map(seed => runSeed(profile, seed).world.traceHash);
}

describe('determinism', () => {
  const seeds = Array.from({ length: SEEDS }, (_, i) => i);

  it('gives the same trace hash for a seed in any order', () => {
    for (const profile of ['small', 'mixed'] as const) {
      const forwards = hashes(profile, seeds);
      const backwards = hashes(profile, seeds.slice().reverse()).reverse();
      expect(backwards).to.deep.equal(forwards);
      expect(new Set(forwards)).to.have.lengthOf(SEEDS);
    }
  });

  it('gives the same trace hash for a seed in another process', async () => {
    const script =
      `import { runSeed } from ${JSON.stringify(import.meta.resolve('@bowecho/testing'))};` +
      `for (let seed = 0; seed < ${SEEDS}; seed++) console.log(runSeed('mixed', seed).world.traceHash);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim().split('\n')).to.deep.equal(hashes('mixed', seeds));
  });

  it('does not depend on who watches', () => {
    for (const seed of seeds) {
      const watched = runSeed('small', seed).world.traceHash;
      const { world } = createScene('small', seed);
      world.runUntilQuiet();
      expect(world.traceHash).to.equal(watched);
    }
  });

  it('gives the same time-line for a seed', () => {
    const timeline = (): string[] => {
      const lines: string[] = [];
      replaySeed('mixed', 11, line => lines.push(line));
      return lines;
    };
    const first = timeline();
    expect(first.length).to.be.greaterThan(100);
    expect(timeline()).to.deep.equal(first);
  });
});
