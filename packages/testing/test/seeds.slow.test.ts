/** Goal: as seeds.test.ts, over ranges that the quick tests do not reach. Prints what it covered and how fast. */
import { expect } from 'chai';
import { describeFaults, describeViews, runSeeds, type ProfileName } from '@bowecho/testing';

/** Once in some 10,000 worlds: core's view-change.test.ts and control-messages.test.ts have them as stories. */
const TOO_RARE = ['leaving --> halted: LEFT_OUT', 'connecting --> halted: LEFT_OUT'];

describe('random worlds, at length', () => {
  const ranges: [ProfileName, number, number][] = [
    ['small', 100_000, 100_000],
    ['mixed', 100_000, 5_000],
    ['large', 100_000, 20],
    ['faulty', 100_000, 60_000],
    ['hostile', 100_000, 10_000],
    ['reading', 100_000, 10_000],
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
      const never = Object.keys(reached).filter(step => reached[step] === 0 && !TOO_RARE.includes(step));
      expect(never, 'steps that nobody took').to.deep.equal([]);
    });
  }
});
