/**
 * Goal: the shipped protocol keeps every property in many random worlds. Method: seeds, all checkers on.
 *
 * `SIM_SEED=<n> SIM_PROFILE=<name>` replays one world and prints its time-line; a failing run says so itself.
 */
import { PROFILE_NAMES, replaySeed, runSeeds, type ProfileName } from '@bowecho/testing';
import { expect } from 'chai';

const profile = (process.env['SIM_PROFILE'] ?? 'small') as ProfileName;
const seed = process.env['SIM_SEED'];

describe('random worlds', () => {
  if (seed !== undefined) {
    it(`replays seed ${seed} of profile ${profile}`, () => {
      const error = replaySeed(profile, Number(seed), line => console.log(line));
      if (error !== undefined) throw error;
    });
    return;
  }

  it('keeps every property in 4,000 small worlds, in which every hazard strikes', () => {
    const { events, deliveries, struck, refusals } = runSeeds({ from: 0, count: 4000, profile: 'small' });
    expect(events).to.be.greaterThan(4000 * 100);
    expect(deliveries).to.be.greaterThan(4000 * 20);
    expect(Math.min(...Object.values(struck)), `each of ${JSON.stringify(struck)}`).to.be.greaterThan(1000);
    expect(refusals, 'messages refused because a queue was full').to.be.greaterThan(50);
  });

  it('keeps every property in 400 worlds of several sets and modes', () => {
    const { deliveries } = runSeeds({ from: 0, count: 400, profile: 'mixed' });
    expect(deliveries).to.be.greaterThan(400 * 50);
  });

  it('keeps every property in a large world', () => {
    expect(runSeeds({ from: 0, count: 1, profile: 'large' }).deliveries).to.be.greaterThan(2000);
  });

  it('knows its profiles by name', () => {
    expect(PROFILE_NAMES).to.deep.equal(['small', 'mixed', 'large']);
  });
});
