/**
 * Goal: a seed is a run. The same seed gives the same trace hash again in this process, in whatever order seeds are run,
 * and in another process; another seed gives another one.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createScene, replaySeed, runSeed, type ProfileName } from '@bowecho/testing';
import { expect } from 'chai';

const SEEDS = 50;

/** Of the batch of faulty worlds in seeds.test.ts, every 50th. */
const FAULTY_SEEDS = Array.from({ length: 40 }, (_, i) => i * 50);

function hashes(profile: ProfileName, seeds: readonly number[]): string[] {
  return seeds.map(seed => runSeed(profile, seed).world.traceHash);
}

async function hashesElsewhere(profile: ProfileName, seeds: readonly number[]): Promise<string[]> {
  const script =
    `import { runSeed } from ${JSON.stringify(import.meta.resolve('@bowecho/testing'))};` +
    `for (const seed of ${JSON.stringify(seeds)}) console.log(runSeed('${profile}', seed).world.traceHash);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return stdout.trim().split('\n');
}

describe('determinism', () => {
  const seeds = Array.from({ length: SEEDS }, (_, i) => i);

  it('gives the same trace hash for a seed in any order', () => {
    for (const profile of ['small', 'mixed', 'faulty'] as const) {
      const forwards = hashes(profile, seeds);
      const backwards = hashes(profile, seeds.slice().reverse()).reverse();
      expect(backwards).to.deep.equal(forwards);
      expect(new Set(forwards)).to.have.lengthOf(SEEDS);
    }
  });

  it('gives the same trace hash for a seed in another process', async () => {
    expect(await hashesElsewhere('mixed', seeds)).to.deep.equal(hashes('mixed', seeds));
  });

  it('gives the same trace hash for every 50th faulty world in another process', async () => {
    const here = hashes('faulty', FAULTY_SEEDS);
    expect(await hashesElsewhere('faulty', FAULTY_SEEDS)).to.deep.equal(here);
    expect(new Set(here)).to.have.lengthOf(FAULTY_SEEDS.length);
  });

  it('does not depend on faults that do not happen', () => {
    for (const seed of seeds) {
      const { world } = runSeed('small', seed);
      expect(runSeed('small', seed, { faults: [] }).world.traceHash).to.equal(world.traceHash);
      expect(Object.values(world.fired).every(count => count === 0)).to.equal(true);
    }
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
