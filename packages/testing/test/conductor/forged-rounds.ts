/** A round as it should be, small enough to be read at once, and ways to forge it. */
import type {
  Answer,
  CallEnd,
  MemberRecord,
  RoundRecord,
  SeenCall,
  Step,
} from '../../src/conductor/round-record.js';

/** All of a record can be changed. */
export type Open<T> = { -readonly [K in keyof T]: T[K] };
export interface ForgedMember extends Omit<Open<MemberRecord>, 'calls' | 'steps' | 'state'> {
  calls: Open<SeenCall>[];
  steps: Step[];
  state: Map<string, string[]> | undefined;
}
export type ForgedRound = Record<'n1' | 'n2' | 'n3' | 'n4', ForgedMember>;

export const answered = (at: number, length: number, last: string): CallEnd => {
  const value: Answer = { length, last };
  return { at, value };
};

export const failed = (at: number, didExecute: string): CallEnd => ({
  at,
  error: { code: 'MEMBER_LOST', didExecute, message: 'forged' },
});

export const applied = (key: string, command: string): Step => ({ kind: 'applied', key, command });

/**
 * n1 and n2 survive, n3 is killed with a call under way that took effect, n4 is left out at 50. Two lists:
 *
 *     a: n1-1 (0 to 10), n2-1 (5 to 15); n1 reads it from 20 to 30, n4 from 60 to 61
 *     b: n3-1 (from 30 on, never answered)
 */
export function rightRound(): ForgedRound {
  const steps: Step[] = [
    applied('a', 'n1-1'),
    applied('a', 'n2-1'),
    applied('b', 'n3-1'),
    { kind: 'view', id: 1, members: 'n1,n2' },
  ];
  const state = () =>
    new Map([
      ['a', ['n1-1', 'n2-1']],
      ['b', ['n3-1']],
    ]);
  const call = (
    member: string,
    number: number,
    key: string,
    command: string | undefined,
    calledAt: number,
  ) => ({
    ...{ member, number, key, command, calledAt },
    end: undefined as CallEnd | undefined,
  });
  return {
    n1: {
      id: 'n1',
      fate: 'survived',
      goneAt: undefined,
      calls: [
        { ...call('n1', 1, 'a', 'n1-1', 0), end: answered(10, 1, 'n1-1') },
        { ...call('n1', 2, 'a', undefined, 20), end: answered(30, 2, 'n2-1') },
      ],
      steps: [...steps],
      state: state(),
    },
    n2: {
      id: 'n2',
      fate: 'survived',
      goneAt: undefined,
      calls: [{ ...call('n2', 1, 'a', 'n2-1', 5), end: answered(15, 2, 'n2-1') }],
      steps: [...steps],
      state: state(),
    },
    n3: {
      id: 'n3',
      fate: 'killed',
      goneAt: 45,
      calls: [call('n3', 1, 'b', 'n3-1', 30)],
      steps: steps.slice(0, 2),
      state: undefined,
    },
    n4: {
      id: 'n4',
      fate: 'left out',
      goneAt: 50,
      calls: [{ ...call('n4', 1, 'a', undefined, 60), end: answered(61, 2, 'n2-1') }],
      steps: steps.slice(0, 3),
      state: undefined,
    },
  };
}

/** Of everything that remembers what was applied. */
export function everywhere(
  round: ForgedRound,
  change: { steps: (steps: Step[]) => Step[]; state: (state: Map<string, string[]>) => void },
): void {
  for (const member of Object.values(round)) {
    member.steps = change.steps(member.steps);
    if (member.state !== undefined) change.state(member.state);
  }
}

export function recordOf(round: ForgedRound): RoundRecord {
  return { members: Object.values(round) };
}
