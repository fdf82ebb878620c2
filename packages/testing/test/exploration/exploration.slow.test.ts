/** Goal: as exploration.test.ts, with what takes minutes. Prints what it covered, and whether that is all there is. */
import { EXPLORATIONS, describeExploration, explore, type Exploration } from '@bowecho/testing';
import { expect } from 'chai';

describe('exploration, at length', () => {
  const explorations: readonly [Exploration, number][] = [
    [EXPLORATIONS.twoMessages, 120],
    [EXPLORATIONS.pauses, 30],
    [EXPLORATIONS.mistake, 30],
    [EXPLORATIONS.leave, 30],
    [EXPLORATIONS.lateMessages, 30],
    [EXPLORATIONS.mistakeAndCrash, 30],
    [EXPLORATIONS.fourMembers, 30],
    [EXPLORATIONS.fiveMembers, 30],
  ];
  for (const [exploration, seconds] of explorations) {
    it(`finds nothing with ${exploration.name}, in ${seconds} s or all there is`, () => {
      const report = explore(exploration, { seconds });
      console.log(`      ${describeExploration(report)}`);
      expect(report.violation).to.equal(undefined);
    });
  }
});
