/** What a loss is reckoned from: the pause around it, and who may be killed at all. */
import { expect } from 'chai';
import { killPlan, mostKills } from '../src/kill-plan.js';
import { longestGap } from '../src/loss.js';
import { partOf, sizeOf } from '../src/share.js';

describe('a loss', () => {
  const times = Float64Array.of(0, 100, 101, 103, 110, 111, 200);

  it('makes callers wait for the longest time between two answers that reaches into it', () => {
    expect(longestGap(times, 102, 104)).to.equal(7);
    expect(longestGap(times, 104, 109)).to.equal(7);
    expect(longestGap(times, 102, 150)).to.equal(89);
    expect(longestGap(times, 50, 102)).to.equal(100);
  });

  it('makes nobody wait who had no calls', () => {
    expect(longestGap(times, 201, 300)).to.equal(undefined);
    expect(longestGap(new Float64Array(), 0, 1)).to.equal(undefined);
    expect(longestGap(Float64Array.of(7), 0, 10)).to.equal(undefined);
  });

  it('leaves a part that is shared out whole, one flight apart at most', () => {
    for (const members of [1, 2, 4, 7]) {
      const parts = Array.from({ length: members }, (_, i) => partOf({ from: 13, to: 29 }, members, i));
      expect(parts[0]!.from).to.equal(13);
      expect(parts.at(-1)!.to).to.equal(29);
      for (const [i, { from }] of parts.slice(1).entries()) expect(from).to.equal(parts[i]!.to);
      const sizes = parts.map(sizeOf);
      expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
    }
  });

  it('is borne by a group while more than half of it is left', () => {
    for (let members = 1; members <= 16; members++) {
      const most = mostKills(members);
      expect((members - most) * 2).to.be.above(members);
      expect((members - most - 1) * 2).to.be.at.most(members);
    }
  });

  it('is planned where it can be, and its absence is explained where nobody asked for it', () => {
    expect(killPlan(undefined, 3, 'auto')).to.deep.equal({ kills: 1 });
    expect(killPlan(2, 5, 'shared-memory')).to.deep.equal({ kills: 2 });
    expect(killPlan(0, 2, 'auto')).to.deep.equal({ kills: 0 });
    expect(killPlan(undefined, 2, 'auto').why).to.include('more than half must be left');
    expect(killPlan(1, 3, 'in-process').why).to.include('one process');
  });
});
