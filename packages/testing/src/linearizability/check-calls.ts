/**
 * checkCalls judges what callers saw of the instances of one actor: each instance by itself, for a history is linearizable
 * when its parts by instance are.
 *
 * Left out are calls that never took effect, `local` reads, which promise nothing, and queries by `$all`, which ask every
 * replica for itself; a command by `$all` is one command. Calls without an answer may have taken effect or not.
 */
import { ActorError, BowechoError, RemoteError, type ActorDefinition } from '@bowecho/actors';
import type { ReplicaSet } from '@bowecho/core';
import { describeCall, type CallRecord } from '../simulation/call-history.js';
import { actorModel, type ActorAnswer, type ActorCall } from './actor-model.js';
import { linearize, type Operation } from './linearize.js';

/** What is wrong with a history, for people. */
export interface CallProblem {
  readonly sentence: string;
  readonly lines: readonly string[];
}

/** Calls that are told before the one that cannot be explained. */
const SHOWN_BEFORE = 8;

/** Runs of a handler before the search is given up: some seconds. */
const MOST_STEPS = 500_000;

/** @param setOf the replica set of a key, in any view */
export function checkCalls(
  calls: readonly CallRecord[],
  definition: ActorDefinition,
  setOf: (key: string) => ReplicaSet,
): CallProblem | undefined {
  const byKey = new Map<string, { readonly call: CallRecord; readonly operation: Operation<ActorCall> }[]>();
  for (const call of calls) {
    const operation = call.actor === definition.name ? operationOf(call, definition) : undefined;
    if (operation === undefined) continue;
    if (!byKey.has(call.key)) byKey.set(call.key, []);
    byKey.get(call.key)!.push({ call, operation });
  }
  for (const [key, part] of byKey) {
    const history = part.map(({ operation }) => operation);
    const verdict = linearize(history, actorModel(definition, key, setOf(key)), MOST_STEPS);
    const name = `${definition.name} ${JSON.stringify(key)}`;
    if (verdict.kind === 'undecided')
      return {
        sentence: `${part.length} calls to ${name} overlap too much to be judged`,
        lines: [`given up after ${verdict.steps} steps`],
      };
    if (verdict.kind === 'anomaly') {
      const stuck = part[verdict.stuckAt]!.call;
      const order = verdict.order.slice(-SHOWN_BEFORE).map(index => describeCall(part[index]!.call));
      return {
        sentence: `no order of the calls to ${name} explains what ${stuck.method} answered at node ${stuck.node}`,
        lines: [
          describeCall(stuck),
          `after, at best, ${verdict.order.length} calls, of which the last:`,
          ...order,
        ],
      };
    }
  }
  return undefined;
}

/** Undefined where the call says nothing. */
function operationOf(call: CallRecord, definition: ActorDefinition): Operation<ActorCall> | undefined {
  const { face, read, sent, idempotencyKey, calledAt, settledAt, outcome } = call;
  const method = definition.methods.find(({ name }) => name === call.method)!;
  const isQuery = method.kind === 'query';
  if (sent === undefined || (isQuery && (read === 'local' || face === 'all'))) return undefined;
  const answer = face === 'tell' || outcome === undefined ? undefined : answerOf(outcome, face === 'all');
  if (answer === 'nothing happened' || (isQuery && answer === undefined)) return undefined;
  return {
    op: { method, sent, answer, idempotencyKey: isQuery ? undefined : idempotencyKey },
    calledAt,
    returnedAt: answer === undefined ? Infinity : settledAt!,
  };
}

/** What a caller learnt by that; undefined where it does not know whether its call took effect. */
function answerOf(
  outcome: NonNullable<CallRecord['outcome']>,
  isOfAll: boolean,
): ActorAnswer | 'nothing happened' | undefined {
  if ('value' in outcome && isOfAll) {
    // Every replica answers the same; that they do is another checker's matter. Where none is left, nobody knows.
    const [answer] = outcome.value as Map<string, unknown>;
    return answer && { value: answer[1] };
  }
  if ('value' in outcome) return outcome;
  const { error } = outcome;
  if (error instanceof ActorError || error instanceof RemoteError) return outcome;
  return error instanceof BowechoError && error.didExecute === 'no' ? 'nothing happened' : undefined;
}
