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
   * How a query is served. `'stable'` (default): at a replica here, once everything that had been received at the call
   * is delivered. `'local'`: at once from what is delivered here, perhaps behind others.
   */
  readonly read?: 'stable' | 'local';
}

const OPTIONS = ['timeout', 'signal', 'read'];

/**
 * `options` over `before`.
 *
 * @throws BowechoError `ARGUMENT_INVALID` for unknown options and values out of range
 */
export function mergeCallOptions(before: CallOptions | undefined, options: CallOptions): CallOptions {
  if (typeof options !== 'object' || options === null)
    refuse([`takes options, but got ${describeValue(options)}`]);
  const problems = unknownKeyProblems(options, OPTIONS, 'it');
  const { timeout, signal, read } = options;
  const { min, max } = LIMITS.callTimeout;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= min && timeout <= max)) {
    problems.push(`timeout must be ${min} to ${max} milliseconds, but is ${describeValue(timeout)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    problems.push(`signal must be an AbortSignal, but is ${describeValue(signal)}`);
  }
  if (read !== undefined && read !== 'stable' && read !== 'local') {
    problems.push(`read must be 'stable' or 'local', but is ${describeValue(read)}`);
  }
  if (problems.length > 0) refuse(problems);
  return { ...before, ...options };
}

function refuse(problems: readonly string[]): never {
  throw new BowechoError('ARGUMENT_INVALID', `$with: ${problems.join('; ')}`, { problems, didExecute: 'no' });
}
