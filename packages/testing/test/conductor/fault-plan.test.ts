/** A plan does what was asked for, and no more than a group can bear. */
import { Random } from '@bowecho/testing';
import { expect } from 'chai';
import { FaultPlan, type Fault, type FaultBudget } from '../../src/conductor/fault-plan.js';

/** Plays rounds of five, in which whoever may be left out is. */
function play(budget: FaultBudget, seed: number): Fault[][] {
  const plan = new FaultPlan(budget, Random.fromSeed(seed));
  const rounds: Fault[][] = [];
  while (!plan.isDone && rounds.length < 1_000) {
    let present = ['n1', 'n2', 'n3', 'n4', 'n5'];
    const faults: Fault[] = [];
    for (let fault = plan.next(present); fault !== undefined; fault = plan.next(present)) {
      const gone = lostBy(fault);
      for (const id of gone) expect(present).to.include(id);
      expect(present.length - gone.length).to.be.above(present.length / 2);
      present = present.filter(id => !gone.includes(id));
      faults.push(fault);
    }
    rounds.push(faults);
  }
  return rounds;
}

function lostBy(fault: Fault): readonly string[] {
  if (fault.kind === 'kill') return fault.victims;
  if (fault.kind === 'pause') return fault.isShort ? [] : [fault.victim];
  return [fault.links[0]![0]];
}

describe('a plan of faults', () => {
  it('does all that was asked for, and leaves more than half of each view', () => {
    for (let seed = 0; seed < 50; seed++) {
      const faults = play({ kills: 30, pauses: 7, cuts: 5 }, seed).flat();
      const kills = faults.flatMap(fault => (fault.kind === 'kill' ? fault.victims : []));
      expect(kills).to.have.lengthOf(30);
      expect(faults.filter(({ kind }) => kind === 'pause')).to.have.lengthOf(7);
      expect(faults.filter(({ kind }) => kind === 'cut')).to.have.lengthOf(5);
    }
  });

  it('is the same for the same seed', () => {
    const budget = { kills: 20, pauses: 5, cuts: 5 };
    expect(play(budget, 3)).to.deep.equal(play(budget, 3));
    expect(play(budget, 3)).not.to.deep.equal(play(budget, 4));
  });

  it('comes to every kind: two that die together, short and long pauses, cuts one way and both, of a member and of a link', () => {
    const faults = play({ kills: 300, pauses: 50, cuts: 100 }, 1).flat();
    const has = (is: (fault: Fault) => boolean): void => {
      expect(faults.some(is)).to.equal(true);
    };
    has(fault => fault.kind === 'kill' && fault.victims.length === 2);
    has(fault => fault.kind === 'pause' && fault.isShort);
    has(fault => fault.kind === 'pause' && !fault.isShort);
    for (const links of [1, 2, 4, 8]) has(fault => fault.kind === 'cut' && fault.links.length === links);
  });
});
