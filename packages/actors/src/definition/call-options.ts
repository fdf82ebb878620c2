/**
 * CallOptions are what one call may say of itself, given by `ref.$with(options)`. They are checked where they are given,
 * so that a typing error is met at the line that holds it and not at a later call.
 */
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../config/describe-value.js';
import { unknownKeyProblems } from '../config/known-keys.js';
import { LIMITS } from '../config/limits.js';

export interface CallOptions {
  /** How long to wait for the answer, in milliseconds. Default: the cluster's `callTimeout`. */
  readonly timeout?: number;
  /** Gives the call up: before it is sent it will not execute, afterwards only the wait ends. */
  readonly signal?: AbortSignal;
  /**
   * How a query is served, by a replica here if there is one. `'linearizable'` (default): once all is delivered that had been received
   * at the call, and it is certain that this member was in the group then. `'local'`: at once from what is delivered here, perhaps
   * behind others.
   */
  readonly read?: 'linearizable' | 'local';
  /**
   * Names the request, by 1 to 256 characters: a command takes effect once under it, however often and from wherever it is
   * sent, and a repeat is answered as the first was. It is remembered per instance, for 10 minutes and among the last 10,000.
   * Queries do without it.
   */
  readonly idempotencyKey?: string;
}

const OPTIONS = ['timeout', 'signal', 'read', 'idempotencyKey'];

/**
 * `options` over `before`.
 *
 * @param mode of the actor: without an order of its commands none is the first of them
 * @throws BowechoError `ARGUMENT_INVALID` for unknown options and values out of range
 */
export function mergeCallOptions(
  before: CallOptions | undefined,
  options: CallOptions,
  mode: 'ordered' | 'unordered',
): CallOptions {
  if (typeof options !== 'object' || options === null)
    refuse([`takes options, but got ${describeValue(options)}`]);
  const problems = unknownKeyProblems(options, OPTIONS, 'it');
  const { timeout, signal, read, idempotencyKey } = options;
  const { min, max } = LIMITS.callTimeout;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= min && timeout <= max)) {
    problems.push(`timeout must be ${min} to ${max} milliseconds, but is ${describeValue(timeout)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    problems.push(`signal must be an AbortSignal, but is ${describeValue(signal)}`);
  }
  if (read !== undefined && read !== 'linearizable' && read !== 'local') {
    problems.push(`read must be 'linearizable' or 'local', but is ${describeValue(read)}`);
  }
  if (idempotencyKey !== undefined) problems.push(...keyProblems(idempotencyKey, mode));
  if (problems.length > 0) refuse(problems);
  return { ...before, ...options };
}

function keyProblems(key: unknown, mode: 'ordered' | 'unordered'): string[] {
  const { min, max } = LIMITS.idempotencyKey;
  if (typeof key !== 'string' || key.length < min || key.length > max) {
    const given = typeof key === 'string' ? `has ${key.length}` : `is ${describeValue(key)}`;
    return [`idempotencyKey must be a text of ${min} to ${max} characters, but ${given}`];
  }
  if (/\p{Surrogate}/u.test(key))
    return ['idempotencyKey holds half of a surrogate pair, which UTF-8 cannot carry'];
  if (mode === 'unordered')
    return ['idempotencyKey needs an ordered actor: in an unordered one no command is everywhere the first'];
  return [];
}

function refuse(problems: readonly string[]): never {
  throw new BowechoError('ARGUMENT_INVALID', `$with: ${problems.join('; ')}`, { problems, didExecute: 'no' });
}
