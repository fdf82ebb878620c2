/**
 * checkReads judges the calls of each list by itself, with the search of linearize.ts: whether one order of them explains
 * all answers. A history is linearizable when its parts by key are.
 *
 * Where there is none it says who is at fault. Appends alone must have an order. Then each read is judged alone with them:
 * one that has no place is stale if an earlier call would have had one, else unexplained. Last, the reads that each have a
 * place must have places together.
 */
import { linearize, type Operation, type SequentialModel } from '../../linearizability/linearize.js';
import { describeCall, type Answer, type MemberRecord, type SeenCall } from '../round-record.js';
import type { RoundProblem } from './round-problem.js';

type ListCall =
  | { readonly kind: 'append'; readonly command: string; readonly answer: Answer | undefined }
  | { readonly kind: 'read'; readonly answer: Answer };

/** A list as far as its answers show it. */
const LIST: SequentialModel<Answer, ListCall> = {
  initial: { length: 0, last: '' },
  apply(state, call) {
    const { answer } = call;
    const after = call.kind === 'read' ? state : { length: state.length + 1, last: call.command };
    const isExplained =
      answer === undefined || (answer.length === after.length && answer.last === after.last);
    return isExplained ? after : undefined;
  },
  isRead: ({ kind }) => kind === 'read',
  keyOf: ({ length, last }) => `${length} ${last}`,
};

/** Tries before the search for one key is given up: less than a second. */
const MOST_STEPS = 200_000;

interface Judged {
  readonly call: SeenCall;
  readonly operation: Operation<ListCall>;
  /** Whether the others had gone on without this member when it was answered. */
  readonly isOfLeftOut: boolean;
}

export function checkReads(members: readonly MemberRecord[]): RoundProblem[] {
  const byKey = new Map<string, Judged[]>();
  for (const { calls, fate, goneAt = Infinity } of members)
    for (const call of calls) {
      const operation = operationOf(call);
      if (operation === undefined) continue;
      const isOfLeftOut = fate === 'left out' && (call.end?.at ?? 0) > goneAt;
      const judged = { call, operation, isOfLeftOut };
      const known = byKey.get(call.key);
      if (known === undefined) byKey.set(call.key, [judged]);
      else known.push(judged);
    }
  return [...byKey.values()].flatMap(problemsOfList);
}

/** Undefined where the call says nothing. */
function operationOf({ command, calledAt, end }: SeenCall): Operation<ListCall> | undefined {
  const answer = end !== undefined && 'value' in end ? end.value : undefined;
  if (command === undefined) {
    return answer && { op: { kind: 'read', answer }, calledAt, returnedAt: end!.at };
  }
  if (end !== undefined && 'error' in end && end.error.didExecute === 'no') return undefined;
  return {
    op: { kind: 'append', command, answer },
    calledAt,
    returnedAt: answer === undefined ? Infinity : end!.at,
  };
}

function problemsOfList(calls: readonly Judged[]): RoundProblem[] {
  if (problemOf(calls) === undefined) return [];
  const appends = calls.filter(({ operation }) => operation.op.kind === 'append');
  const ofAppends = problemOf(appends);
  if (ofAppends !== undefined) return [ofAppends];
  const problems: RoundProblem[] = [];
  const kept = calls.filter(each => {
    if (each.operation.op.kind === 'append') return true;
    const alone = problemOf([...appends, each]);
    if (alone === undefined) return true;
    problems.push(alone.kind === 'unexplained' ? problemOfRead(each, appends) : alone);
    return false;
  });
  const together = problemOf(kept);
  return together === undefined ? problems : [...problems, together];
}

/** Whether a read that has no place with the appends would have had one before it was called. */
function problemOfRead(read: Judged, appends: readonly Judged[]): RoundProblem {
  const earlier = { ...read, operation: { ...read.operation, calledAt: -Infinity } };
  const told = describeCall(read.call);
  if (problemOf([...appends, earlier]) !== undefined)
    return { kind: 'unexplained', sentence: `that was never so: ${told}` };
  const { isOfLeftOut } = read;
  const who = isOfLeftOut ? ', by a member that had been left out' : '';
  return { kind: 'stale', sentence: `that was no longer so${who}: ${told}`, isOfLeftOut };
}

function problemOf(calls: readonly Judged[]): RoundProblem | undefined {
  const verdict = linearize(
    calls.map(({ operation }) => operation),
    LIST,
    MOST_STEPS,
  );
  if (verdict.kind === 'linearizable') return undefined;
  if (verdict.kind === 'undecided') {
    const sentence = `${calls.length} calls of ${calls[0]!.call.key} overlap too much: given up after ${verdict.steps} steps`;
    return { kind: 'undecided', sentence };
  }
  const stuck = describeCall(calls[verdict.stuckAt]!.call);
  return { kind: 'unexplained', sentence: `no order of the calls explains this one: ${stuck}` };
}
