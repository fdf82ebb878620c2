/**
 * Goal: the rules of the ordered multicast are enough, and each of them is needed. Method: a random model of them alone;
 * with all rules nothing goes wrong, and without any one of them something does.
 *
 * `MODEL_SEED=<n>` replays one run step by step; `MODEL_RULE=<name>` without that rule. `MUTANTS=verbose` says how many
 * seeds it took to see that a rule is needed.
 */
import { expect } from 'chai';
import { OrderingModel, PROTOCOL_RULES, type Rules } from './ordering-model.js';
import { firstViolation } from './first-violation.js';

const QUICK_SEEDS = 3000;

describe('ordering model', () => {
  const seed = process.env['MODEL_SEED'];
  if (seed !== undefined) {
    it(`replays seed ${seed}`, () => {
      const dropped = process.env['MODEL_RULE'];
      const rules: Rules = dropped === undefined ? PROTOCOL_RULES : { ...PROTOCOL_RULES, [dropped]: false };
      expect(new OrderingModel(Number(seed), rules, line => console.log(line)).run()).to.equal(undefined);
    });
    return;
  }

  it(`finds nothing wrong with all rules, in ${QUICK_SEEDS} seeds`, () => {
    expect(firstViolation(PROTOCOL_RULES, 0, QUICK_SEEDS)?.report).to.equal(undefined);
  });

  for (const rule of Object.keys(PROTOCOL_RULES)) {
    it(`needs the rule ${rule}`, () => {
      const violation = firstViolation({ ...PROTOCOL_RULES, [rule]: false }, 0, QUICK_SEEDS);
      expect(violation, 'a run that goes wrong without it').not.to.equal(undefined);
      if (process.env['MUTANTS'] === 'verbose')
        console.log(`      ${violation!.seed + 1} seeds: ${violation!.what}`);
    });
  }
});
