/**
 * checkOrder compares what the replicas did, step by step: commands in one order at all of them, and each view at the same
 * place among the commands. Survivors did the same; who was lost did the beginning of it, to wherever it came.
 *
 * The reference is the longest list of steps, which is a survivor's where there is one: who was lost cannot have delivered
 * more than those who went on without it.
 */
import type { MemberRecord, Step } from '../round-record.js';
import type { RoundProblem } from './round-problem.js';

export function checkOrder(members: readonly MemberRecord[]): RoundProblem[] {
  const reference = referenceOf(members);
  if (reference === undefined) return [];
  return members.flatMap(member => {
    const sentence = differenceOf(member, reference);
    return sentence === undefined ? [] : [{ kind: 'order' as const, sentence }];
  });
}

/** The member whose steps the others are compared with; undefined where there is none. */
export function referenceOf(members: readonly MemberRecord[]): MemberRecord | undefined {
  const survivors = members.filter(({ fate }) => fate === 'survived');
  const from = survivors.length > 0 ? survivors : members;
  const most = Math.max(...from.map(({ steps }) => steps.length));
  return from.find(({ steps }) => steps.length === most);
}

function differenceOf({ id, fate, steps }: MemberRecord, reference: MemberRecord): string | undefined {
  const other = reference.steps;
  const at = steps.findIndex((step, i) => other[i] === undefined || textOf(step) !== textOf(other[i]));
  if (at >= 0) {
    const theirs = other[at] === undefined ? 'did nothing more' : `did ${textOf(other[at])}`;
    return `as step ${at + 1} ${id} (${fate}) did ${textOf(steps[at]!)}, and ${reference.id} ${theirs}`;
  }
  if (fate !== 'survived' || steps.length === other.length) return undefined;
  return `${id} survived and did ${steps.length} steps, and ${reference.id} did ${other.length}`;
}

function textOf(step: Step): string {
  return step.kind === 'view' ? `view ${step.id} of ${step.members}` : `${step.command} on ${step.key}`;
}
