/**
 * CallHistory is what the callers of a simulation saw: each call with the virtual times of its start and end and how it
 * ended. It is what a test looks at to understand a run, and what checkers of whole histories work on.
 */

import type { CallFace, CallOptions } from '@bowecho/actors';
import { jsonLines } from './json-lines.js';

/** One call by a reference. */
export interface CallRecord {
  /** Node that called. */
  readonly node: number;
  readonly actor: string;
  readonly key: string;
  readonly method: string;
  /** As they were given. */
  readonly args: readonly unknown[];
  /** As they went out, packed; undefined where they were refused. */
  readonly sent: Uint8Array | undefined;
  readonly face: CallFace;
  /** How a query was to be served; undefined where the call did not say. */
  readonly read: CallOptions['read'];
  readonly idempotencyKey: string | undefined;
  /** Virtual milliseconds. */
  readonly calledAt: number;
  /** Virtual milliseconds; undefined while it is pending, and for calls by `$tell`. */
  settledAt: number | undefined;
  /** How it ended. */
  outcome: { readonly value: unknown } | { readonly error: Error } | undefined;
}

export class CallHistory {
  readonly calls: CallRecord[] = [];

  /** Calls that have not settled. */
  get pending(): readonly CallRecord[] {
    return this.calls.filter(call => call.outcome === undefined);
  }

  /** One line per call: `12.5 ms n1 bank("eu").deposit("ann", 5) -> 5 after 1.2 ms`. */
  describe(): string {
    return this.calls.map(describeCall).join('\n');
  }

  /** One line of JSON per call, for tools: see json-lines.ts. */
  toJsonLines(): string {
    return jsonLines(this.calls);
  }
}

/** One line for people. */
export function describeCall(call: CallRecord): string {
  const { node, actor, key, method, args, calledAt, settledAt, outcome } = call;
  const head = `${calledAt.toFixed(3)} ms n${node} ${actor}(${show(key)}).${method}(${args.map(show).join(', ')})`;
  if (outcome === undefined) return `${head} pending`;
  const took = `after ${((settledAt ?? calledAt) - calledAt).toFixed(3)} ms`;
  return 'value' in outcome
    ? `${head} -> ${show(outcome.value)} ${took}`
    : `${head} threw ${String(outcome.error)} ${took}`;
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
}

const MOST_CHARACTERS = 60;
