/** Goal: as seeds.test.ts, over ranges that the quick tests do not reach. Prints what it covered and how fast. */
import { expect } from 'chai';
import { describeFaults, describeViews, runSeeds, type ProfileName } from '@bowecho/testing';

/** Once in some 20,000 worlds: core's view-change.test.ts has it as a story. */
const TOO_RARE = 'leaving --> halted: LEFT_OUT';

describe('random worlds, at length', () => {
  const ranges: [ProfileName, number, number][] = [
    ['small', 100_000, 100_000],
    ['mixed', 100_000, 5_000],
    ['large', 100_000, 20],
    ['faulty', 100_000, 60_000],
    ['hostile', 100_000, 10_000],
  ];
  for (const [profile, from, count] of ranges) {
    it(`keeps every property in ${count} ${profile} worlds`, () => {
      const { seconds, events, virtualSeconds, struck, fired, reached } = runSeeds({ from, count, profile });
      console.log(
        `      seeds ${from} to ${from + count - 1}: ${events} events, ${Math.round(virtualSeconds)} virtual seconds, ` +
          `${Math.round(count / seconds)} seeds/s, ${Math.round(events / seconds)} events/s, ` +
          `hazards ${JSON.stringify(struck)}`,
      );
      if (profile !== 'faulty' && profile !== 'hostile') return;
      console.log(`${describeFaults(fired)}\n${describeViews(reached)}`.replace(/^/gm, '      '));
      if (profile !== 'hostile') return;
      const never = Object.keys(reached).filter(step => reached[step] === 0 && step !== TOO_RARE);
      expect(never, 'steps that nobody took').to.deep.equal([]);
    });
  }
});
