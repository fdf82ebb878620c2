/**
 * Goal: the shipped protocol keeps every property in many random worlds. Method: seeds, all checkers on.
 *
 * `SIM_SEED=<n> SIM_PROFILE=<name>` replays one world and prints its time-line; a failing run says so itself.
 * With `SIM_SHRINK=<file>` besides, the failing world is made small and written to that file; `SIM_WORLD=<file>` replays it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { RARE_BRANCHES } from '@bowecho/core';
import {
  PROFILE_NAMES,
  VIEW_SITUATIONS,
  describeFaults,
  describeViews,
  replaySeed,
  replayWorld,
  runSeeds,
  shrinkSeed,
  type ProfileName,
  type ShrunkWorld,
} from '@bowecho/testing';
import { expect } from 'chai';

const profile = (process.env['SIM_PROFILE'] ?? 'small') as ProfileName;
const seed = process.env['SIM_SEED'];
const shrinkTo = process.env['SIM_SHRINK'];
const shrunk = process.env['SIM_WORLD'];

/** Found in long runs, each one of 50,000 and more. What is drawn changes with the simulator, so they cost nothing and promise little. */
const ONCE_BROKEN: readonly [ProfileName, number][] = [
  ['hostile', 301_537],
  ['hostile', 1_049_229],
];

describe('random worlds', () => {
  if (shrunk !== undefined) {
    it(`replays ${shrunk}`, () => {
      const world = JSON.parse(readFileSync(shrunk, 'utf8')) as ShrunkWorld;
      const error = replayWorld(world, line => console.log(line));
      if (error !== undefined) throw error;
    });
    return;
  }

  if (seed !== undefined && shrinkTo !== undefined) {
    it(`shrinks seed ${seed} of profile ${profile}`, () => {
      const world = shrinkSeed(profile, Number(seed));
      expect(world, 'a world that fails').not.to.equal(undefined);
      writeFileSync(shrinkTo, JSON.stringify(world, null, 2));
    }).timeout(60_000);
    return;
  }

  if (seed !== undefined) {
    it(`replays seed ${seed} of profile ${profile}`, () => {
      const error = replaySeed(profile, Number(seed), line => console.log(line));
      if (error !== undefined) throw error;
    });
    return;
  }

  it('keeps every property in worlds in which one was broken once', () => {
    for (const [name, from] of ONCE_BROKEN) runSeeds({ from, count: 1, profile: name });
  });

  it('keeps every property in 4,000 small worlds, in which every hazard strikes', () => {
    const { events, deliveries, struck, refusals } = runSeeds({ from: 0, count: 4000, profile: 'small' });
    expect(events).to.be.greaterThan(4000 * 100);
    expect(deliveries).to.be.greaterThan(4000 * 20);
    const { rareBranch, ...others } = struck;
    expect(Math.min(...Object.values(others)), `each of ${JSON.stringify(struck)}`).to.be.greaterThan(1000);
    expect(rareBranch, 'rare branches, of which most are for view changes').to.be.greaterThan(0);
    expect(refusals, 'messages refused because a queue was full').to.be.greaterThan(50);
  });

  it('keeps every property in 400 worlds of several sets and modes', () => {
    const { deliveries } = runSeeds({ from: 0, count: 400, profile: 'mixed' });
    expect(deliveries).to.be.greaterThan(400 * 50);
  });

  it('keeps every property in a large world', () => {
    expect(runSeeds({ from: 0, count: 1, profile: 'large' }).deliveries).to.be.greaterThan(2000);
  });

  it('keeps every property in 2,000 worlds in which nodes and links fail, and every fault has an effect', () => {
    const { events, deliveries, fired: all } = runSeeds({ from: 0, count: 2000, profile: 'faulty' });
    const fired = Object.entries(all).filter(([effect]) => effect !== 'mistake'); // of worlds with reads
    expect(events).to.be.greaterThan(2000 * 100);
    expect(deliveries).to.be.greaterThan(2000 * 20);
    expect(
      Math.min(...fired.map(([, count]) => count)),
      `effects of faults\n${describeFaults(all)}\n`,
    ).to.be.greaterThan(0);
  });

  it('keeps every property in 1,000 such worlds of more nodes and several sets, in which every situation comes about that a rule exists for, and every rare branch is taken', () => {
    const { reached } = runSeeds({ from: 0, count: 1000, profile: 'hostile' });
    const least = Math.min(...[...VIEW_SITUATIONS, ...RARE_BRANCHES].map(name => reached[name]!));
    expect(least, `what was reached\n${describeViews(reached)}\n`).to.be.greaterThan(0);
  });

  it('keeps every property in 1,000 worlds with reads, in which members that are well are taken for lost', () => {
    const { fired, reads } = runSeeds({ from: 0, count: 1000, profile: 'reading' });
    expect(fired.mistake).to.be.greaterThan(500);
    expect(reads.atOnce, 'reads by a lease').to.be.greaterThan(10_000);
    expect(reads.later, 'reads that waited').to.be.greaterThan(10_000);
  });

  it('knows its profiles by name', () => {
    expect(PROFILE_NAMES).to.deep.equal(['small', 'mixed', 'large', 'faulty', 'hostile', 'reading']);
  });
});
