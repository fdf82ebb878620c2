/** Goal: as ordering-model.test.ts, over 100,000 seeds that the quick test does not reach. */
import { expect } from 'chai';
import { firstViolation } from './first-violation.js';
import { PROTOCOL_RULES } from './ordering-model.js';

describe('ordering model, at length', () => {
  it('finds nothing wrong with all rules, in 100,000 seeds', () => {
    expect(firstViolation(PROTOCOL_RULES, 100_000, 100_000)?.report).to.equal(undefined);
  });
});
