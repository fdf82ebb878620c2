/** checkStates compares the states of the survivors with what was applied: each list has its commands, in their order. */
import type { MemberRecord } from '../round-record.js';
import { referenceOf } from './order.js';
import type { RoundProblem } from './round-problem.js';

export function checkStates(members: readonly MemberRecord[]): RoundProblem[] {
  const applied = appliedByKey(members);
  return members.flatMap(({ id, state }) => {
    if (state === undefined) return [];
    const keys = new Set([...applied.keys(), ...state.keys()]);
    return [...keys].flatMap(key => {
      const [has, should] = [state.get(key) ?? [], applied.get(key) ?? []].map(list => list.join(' '));
      if (has === should) return [];
      const sentence = `${key} at ${id} is [${has}], and what was applied makes it [${should}]`;
      return [{ kind: 'state' as const, sentence }];
    });
  });
}

/** The commands of each list as the reference applied them. */
export function appliedByKey(members: readonly MemberRecord[]): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  for (const step of referenceOf(members)?.steps ?? []) {
    if (step.kind === 'view') continue;
    if (!lists.has(step.key)) lists.set(step.key, []);
    lists.get(step.key)!.push(step.command);
  }
  return lists;
}
