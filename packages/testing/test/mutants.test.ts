/**
 * Goal: the checkers find bugs. Method: bugs are planted in the shipped code one at a time, and seeds are run until a
 * checker stops one. Each bug must be found within 4,000 seeds, by a checker that its author named, and each checker must
 * find at least one. `MUTANTS=verbose` prints the table.
 */
import { CheckError, runSeed } from '@bowecho/testing';
import { expect } from 'chai';
import { withMutant, type Mutant } from './mutants/mutant.js';
import { PROTOCOL_MUTANTS } from './mutants/protocol-mutants.js';
import { JOIN_MUTANTS } from './mutants/join-mutants.js';
import { READ_MUTANTS } from './mutants/read-mutants.js';
import { VIEW_CHANGE_MUTANTS } from './mutants/view-change-mutants.js';

const MOST_SEEDS = 4000;
const CHECKERS = [
  'total-order',
  'fifo',
  'uniform',
  'monotone-counters',
  'equal-state',
  'no-halt',
  'typed-errors',
  'one-view',
  'last-word',
  'fresh-reads',
  'within-limits',
  'settled',
];

/** The checker that finds a mutant, and after how many seeds. */
function hunt(mutant: Mutant): { readonly checker: string; readonly seeds: number } {
  const { hazards, createApplication, profile = 'small' } = mutant;
  const options = { ...(hazards && { hazards }), ...(createApplication && { createApplication }) };
  for (let seed = 0; seed < MOST_SEEDS; seed++) {
    try {
      withMutant(mutant, () => runSeed(profile, seed, options));
    } catch (error) {
      if (error instanceof CheckError) return { checker: error.violation.checker, seeds: seed + 1 };
      throw error;
    }
  }
  return { checker: 'nobody', seeds: MOST_SEEDS };
}

describe('mutants of the protocol', () => {
  const found: { readonly name: string; readonly checker: string; readonly seeds: number }[] = [];

  for (const mutant of [...PROTOCOL_MUTANTS, ...VIEW_CHANGE_MUTANTS, ...JOIN_MUTANTS, ...READ_MUTANTS]) {
    it(`finds: ${mutant.name}`, () => {
      const { checker, seeds } = hunt(mutant);
      found.push({ name: mutant.name, checker, seeds });
      expect(mutant.killers).to.include(checker);
    });
  }

  it('trips every checker at least once', () => {
    if (process.env['MUTANTS'] === 'verbose') {
      for (const { name, checker, seeds } of found) {
        console.log(`      ${name.padEnd(62)} ${checker.padEnd(18)} ${String(seeds).padStart(5)} seeds`);
      }
    }
    expect(found.map(({ checker }) => checker)).to.include.members(CHECKERS);
  });

  it('leaves nothing broken behind', () => {
    for (let seed = 0; seed < 10; seed++) {
      runSeed('small', seed);
      runSeed('faulty', seed);
      runSeed('hostile', seed);
    }
  });
});
