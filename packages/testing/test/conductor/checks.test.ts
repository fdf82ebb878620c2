/** Each check finds what it is there for: a round that was right is forged in one way, and that is said of it. */
import { expect } from 'chai';
import { checkRound } from '../../src/conductor/checks/check-round.js';
import type { ProblemKind, RoundProblem } from '../../src/conductor/checks/round-problem.js';
import {
  answered,
  applied,
  everywhere,
  failed,
  recordOf,
  rightRound,
  type ForgedRound,
} from './forged-rounds.js';

function problemsOf(forge: (round: ForgedRound) => void): readonly RoundProblem[] {
  const round = rightRound();
  forge(round);
  return checkRound(recordOf(round)).problems;
}

interface Forgery {
  readonly what: string;
  readonly forge: (round: ForgedRound) => void;
  /** Of all problems that are found then, without repetition. */
  readonly kinds: readonly ProblemKind[];
  readonly says: RegExp;
}

const FORGERIES: readonly Forgery[] = [
  {
    what: 'an acknowledged command that nobody has',
    forge: round =>
      everywhere(round, {
        steps: steps => steps.filter(step => step.kind === 'view' || step.command !== 'n2-1'),
        state: state => state.set('a', ['n1-1']),
      }),
    kinds: ['lost'],
    says: /n2-1 of n2 on a was acknowledged, and was not applied/,
  },
  {
    what: 'a command that is said to have executed, and did not',
    forge: ({ n2 }) =>
      n2.calls.push({ ...n2.calls[0]!, number: 2, command: 'n2-2', calledAt: 40, end: failed(41, 'yes') }),
    kinds: ['lost'],
    says: /n2-2 of n2 on a failed as MEMBER_LOST, executed, and was not applied/,
  },
  {
    what: 'a command that was applied twice',
    forge: round =>
      everywhere(round, {
        steps: steps => [...steps, applied('b', 'n1-1')],
        state: state => state.set('b', ['n3-1', 'n1-1']),
      }),
    kinds: ['doubled', 'order'], // who was lost cannot have done the last step of those who survived
    says: /n1-1 of n1 on a was applied 2 times: at place 1 of a and place 2 of b/,
  },
  {
    what: 'a command that was applied twice, though nobody knows how its call ended',
    forge: ({ n1, n2 }) => {
      for (const { steps, state } of [n1, n2]) {
        steps.push(applied('b', 'n3-1'));
        state!.set('b', ['n3-1', 'n3-1']);
      }
    },
    kinds: ['doubled'],
    says: /n3-1 of n3 on b was applied 2 times/,
  },
  {
    what: 'a command that was refused and applied',
    forge: ({ n3 }) => (n3.calls[0]!.end = failed(31, 'no')),
    kinds: ['denied'],
    says: /n3-1 of n3 on b failed as MEMBER_LOST, not executed, and was applied/,
  },
  {
    what: 'commands in another order than their callers were told',
    forge: round =>
      everywhere(round, {
        steps: ([first, second, ...rest]) => [second!, first!, ...rest],
        state: state => state.set('a', ['n2-1', 'n1-1']),
      }),
    kinds: ['misplaced'],
    says: /n1-1 of n1 on a was answered as number 1 \(n1-1\), and stands at place 2/,
  },
  {
    what: 'a command on another list than its caller named',
    forge: ({ n3 }) => (n3.calls[0]!.key = 'c'),
    kinds: ['misplaced'],
    says: /n3-1 of n3 on c was applied to b/,
  },
  {
    what: 'a command that nobody called',
    forge: ({ n3 }) => n3.calls.pop(),
    kinds: ['unheard-of'],
    says: /n3-1 stands in b, and nobody called it/,
  },
  {
    what: 'commands on two lists in another order at one survivor',
    forge: ({ n2 }) => n2.steps.splice(0, 3, n2.steps[0]!, n2.steps[2]!, n2.steps[1]!),
    kinds: ['order'],
    says: /as step 2 n2 \(survived\) did n3-1 on b, and n1 did n2-1 on a/,
  },
  {
    what: 'a view at another place among the commands',
    forge: ({ n2 }) => n2.steps.splice(2, 2, n2.steps[3]!, n2.steps[2]!),
    kinds: ['order'],
    says: /as step 3 n2 \(survived\) did view 1 of n1,n2, and n1 did n3-1 on b/,
  },
  {
    what: 'another view under the same number',
    forge: ({ n2 }) => (n2.steps[3] = { kind: 'view', id: 1, members: 'n1,n2,n4' }),
    kinds: ['order'],
    says: /n2 \(survived\) did view 1 of n1,n2,n4, and n1 did view 1 of n1,n2$/,
  },
  {
    what: 'a command that only a dead member applied',
    forge: ({ n3 }) => n3.steps.push(applied('b', 'n3-0')),
    kinds: ['order'],
    says: /as step 3 n3 \(killed\) did n3-0 on b, and n1 did n3-1 on b/,
  },
  {
    what: 'a survivor that did less',
    forge: ({ n2 }) => n2.steps.pop(),
    kinds: ['order'],
    says: /n2 survived and did 3 steps, and n1 did 4/,
  },
  {
    what: 'a survivor with another state',
    forge: ({ n2 }) => n2.state!.set('b', []),
    kinds: ['state'],
    says: /b at n2 is \[\], and what was applied makes it \[n3-1\]/,
  },
  {
    what: 'a survivor with a list that nobody made',
    forge: ({ n2 }) => n2.state!.set('c', ['n2-9']),
    kinds: ['state'],
    says: /c at n2 is \[n2-9\], and what was applied makes it \[\]/,
  },
  {
    what: 'a stale read of a member',
    forge: ({ n1 }) => (n1.calls[1]!.end = answered(30, 1, 'n1-1')),
    kinds: ['stale'],
    says: /^that was no longer so: 20 us n1 read a -> length 1, last n1-1 after 10 us$/,
  },
  {
    what: 'a stale read of a member that was left out',
    forge: ({ n4 }) => (n4.calls[0]!.end = answered(61, 0, '')),
    kinds: ['stale'],
    says: /^that was no longer so, by a member that had been left out: 60 us n4 read a/,
  },
  {
    what: 'a read of what never was',
    forge: ({ n1 }) => (n1.calls[1]!.end = answered(30, 2, 'n1-1')),
    kinds: ['unexplained'],
    says: /^that was never so: 20 us n1 read a -> length 2, last n1-1/,
  },
  {
    what: 'reads that see a command come and go, though nobody knows how its call ended',
    forge: ({ n1 }) =>
      n1.calls.push(
        { ...n1.calls[1]!, number: 3, key: 'b', calledAt: 40, end: answered(42, 1, 'n3-1') },
        { ...n1.calls[1]!, number: 4, key: 'b', calledAt: 43, end: answered(44, 0, '') },
      ),
    kinds: ['unexplained'],
    says: /no order of the calls explains this one/,
  },
  {
    what: 'an answer in spite of the clock: the later one of two commands was the first',
    forge: ({ n1, n2 }) => {
      n2.calls[0]!.calledAt = 11;
      n1.calls[0]!.end = answered(10, 2, 'n1-1');
      n2.calls[0]!.end = answered(15, 1, 'n2-1');
      for (const member of [n1, n2]) member.state!.set('a', ['n2-1', 'n1-1']);
      n1.calls.pop();
    },
    kinds: ['state', 'unexplained'],
    says: /no order of the calls explains this one: 0 us n1 append n1-1/,
  },
];

describe('the checks of a round', () => {
  it('say nothing of one that was right, and count what was answered', () => {
    const verdict = checkRound(recordOf(rightRound()));
    expect(verdict).to.deep.equal({ acknowledged: 2, reads: 2, problems: [] });
  });

  it('say nothing of a call without an answer that took no effect', () => {
    const problems = problemsOf(({ n3 }) =>
      n3.calls.push({
        ...n3.calls[0]!,
        number: 2,
        command: 'n3-2',
        calledAt: 35,
        end: failed(36, 'unknown'),
      }),
    );
    expect(problems).to.deep.equal([]);
  });

  for (const { what, forge, kinds, says } of FORGERIES) {
    it(`find ${what}`, () => {
      const problems = problemsOf(forge);
      expect([...new Set(problems.map(({ kind }) => kind))].sort()).to.deep.equal([...kinds].sort());
      expect(problems.filter(({ sentence }) => says.test(sentence))).to.have.lengthOf(1);
    });
  }

  it('tell stale reads of members that were left out from others', () => {
    const [ofMember] = problemsOf(({ n1 }) => (n1.calls[1]!.end = answered(30, 1, 'n1-1')));
    const [ofLeftOut] = problemsOf(({ n4 }) => (n4.calls[0]!.end = answered(61, 0, '')));
    expect([ofMember!.isOfLeftOut, ofLeftOut!.isOfLeftOut]).to.deep.equal([false, true]);
  });

  it('name one stale read and none of those beside it', () => {
    const problems = problemsOf(({ n1, n4 }) => {
      n4.calls[0]!.end = answered(61, 0, '');
      n1.calls.push({ ...n1.calls[1]!, number: 3, calledAt: 60, end: answered(62, 2, 'n2-1') });
    });
    expect(problems.map(({ kind }) => kind)).to.deep.equal(['stale']);
  });

  it('compare the rest of a round in which nobody survived', () => {
    const whole = (round: ForgedRound): void => {
      for (const member of [round.n1, round.n2]) {
        member.fate = 'left out';
        member.state = undefined;
      }
    };
    expect(problemsOf(whole)).to.deep.equal([]);
    const problems = problemsOf(round => {
      whole(round);
      round.n1.steps.splice(1, 1);
      round.n2.steps.splice(1, 1);
    });
    expect(problems.map(({ kind }) => kind)).to.include.members(['order']);
  });
});
