/**
 * Goal: the shipped protocol keeps its properties in all that can happen to a small group with a crash, and a search through all of that
 * finds bugs. Method: the smallest exploration with a view change is gone through to its end, as it is and with bugs planted, one at a
 * time. Each bug must be found, and the path that is printed must show it again from the start.
 */
import {
  EXPLORATIONS,
  describeExploration,
  explore,
  replayPath,
  type Exploration,
  type ExplorationReport,
} from '@bowecho/testing';
import { expect } from 'chai';
import { withMutant, type Mutant } from '../mutants/mutant.js';
import { PROTOCOL_MUTANTS } from '../mutants/protocol-mutants.js';
import { VIEW_CHANGE_MUTANTS } from '../mutants/view-change-mutants.js';

/** More than it takes, on a machine that has much else to do. */
const SECONDS = 120;

/** Planted bugs that show with one message and one crash. */
const FOUND = [
  'trims by the maximum',
  'trims one frame short',
  'proposes before those who stay have said their last word',
  'wedges without its final counts',
  'does not push what its counters vouch for',
  'forgets leftovers',
  'sends leftovers twice',
  'refuses keys that come before it is in their view',
  'tells nobody that it is wedged',
  'delivers before stable',
  'pushes counters before the ring bytes that they vouch for',
  'never pushes an acknowledgement by itself',
];

function mutantOf(name: string): Mutant {
  const mutant = [...VIEW_CHANGE_MUTANTS, ...PROTOCOL_MUTANTS].find(each => each.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant '${name}'`);
  return mutant;
}

/** What does not depend on how fast this machine is. */
function countsOf({ states, steps, paths, depth, views }: ExplorationReport): unknown {
  return { states, steps, paths, depth, views };
}

describe('exploration', () => {
  it('finds nothing in all that can happen to 3 members with a message and a crash', function () {
    this.timeout(1000 * SECONDS);
    const report = explore(EXPLORATIONS.crash, { seconds: SECONDS });
    expect(report.violation, describeExploration(report)).to.equal(undefined);
    expect(report.isExhausted, describeExploration(report)).to.equal(true);
    expect(report.views[1], 'ways in which a view change ends').to.be.greaterThan(1);
  });

  for (const name of FOUND) {
    it(`finds: ${name}`, function () {
      this.timeout(1000 * SECONDS);
      withMutant(mutantOf(name), () => {
        const { violation, path } = explore(EXPLORATIONS.crash, { seconds: SECONDS });
        expect(violation, 'nothing was found').not.to.equal(undefined);
        const lines: string[] = [];
        const again = replayPath(EXPLORATIONS.crash, path, line => lines.push(line));
        expect(again?.message).to.equal(violation!.message);
        expect(lines.filter(line => line.includes('takes a turn'))).not.to.be.empty;
      });
    });
  }

  it('finds what takes more: half of a view is enough to choose', function () {
    this.timeout(1000 * SECONDS);
    const mutant = mutantOf('half of a view is enough to choose');
    const report = withMutant(mutant, () =>
      explore({ name: '4 members, two crashes', nodes: 4, messages: [], crashes: 2 }, { seconds: SECONDS }),
    );
    expect(mutant.killers).to.include(report.violation?.violation.checker);
  });

  it('finds what takes more: sends leftovers in another order', function () {
    this.timeout(1000 * SECONDS);
    const mutant = mutantOf('sends leftovers in another order');
    const exploration: Exploration = {
      name: 'two messages',
      nodes: 3,
      messages: [0],
      lateMessages: [0],
      crashes: 1,
    };
    const report = withMutant(mutant, () => explore(exploration, { seconds: SECONDS }));
    expect(mutant.killers).to.include(report.violation?.violation.checker);
  });

  it('keeps a group of two that may take each other for dead', () => {
    const exploration: Exploration = {
      name: '2 members, a mistake',
      nodes: 2,
      messages: [0],
      crashes: 0,
      mistakes: 1,
    };
    const report = explore(exploration, { seconds: SECONDS });
    expect(report.violation, describeExploration(report)).to.equal(undefined);
    expect(report.isExhausted).to.equal(true);
  });

  it('goes the same way every time', () => {
    const [first, second] = [1, 2].map(() =>
      countsOf(explore(EXPLORATIONS.pauses, { seconds: SECONDS, states: 700 })),
    );
    expect(first).to.deep.equal(second);
  });

  it('comes to the same states where it leaves out turns in another order', () => {
    const small: Exploration = {
      name: '3 members and a message',
      nodes: 3,
      messages: [0],
      crashes: 0,
      pauses: true,
    };
    const all = explore(small, { seconds: SECONDS, isEveryOrder: true });
    const some = explore(small, { seconds: SECONDS });
    expect(some.states).to.equal(all.states);
    expect(some.steps).to.be.lessThan(all.steps);
    expect([some.isExhausted, all.isExhausted]).to.deep.equal([true, true]);
  });
});
