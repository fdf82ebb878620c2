/**
 * Argument checks run once, at the caller, synchronously, before anything is sent. What passes travels; replicas do not
 * check again, so a check may cost something and may differ between members of one cluster.
 *
 * The intuition: a wrong argument should fail where it was written, with the index and the reason, and not as `NaN` in
 * the state of three machines. What a check lets through and the codec cannot carry is refused by the codec.
 *
 * When are arguments left out or `undefined`?
 *  - Checks from decorator metadata accept `undefined` everywhere: the compiler writes `Number` for `x: number` and for
 *    `x?: number` alike, and refusing the second would refuse correct programs. The compiler has seen the call.
 *  - A schema from `args` decides by itself; a class from `args` refuses `undefined`. At or beyond the method's `length`
 *    (parameters with a default) both accept it, so that the default applies.
 *  - Without metadata and without `args` (standard decorators, `defineActor`) nothing is known and nothing is checked.
 */
import { BowechoError } from '@bowecho/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describeValue } from '../config/describe-value.js';

/** The check of one parameter. */
export interface ArgumentCheck {
  /** What is accepted, for error sentences and for the actor's fingerprint: `string`, `@Value money@1`, `schema`. */
  readonly description: string;
  readonly acceptsUndefined: boolean;
  /** Whether a value is accepted as it is. Not asked where there is a schema. */
  readonly test: (value: unknown) => boolean;
  /** Says what is accepted, and what travels instead. It may be a function, so it has a field of its own. */
  readonly schema: StandardSchemaV1 | undefined;
}

/** The checks of all parameters of a method. */
export interface ParameterChecks {
  readonly checks: readonly ArgumentCheck[];
  /** Of a rest parameter: the check of every further argument. */
  readonly rest: ArgumentCheck | undefined;
}

/** What `checkArguments` needs to know of a method. */
export interface CheckedMethod {
  /** `actor.method`, for error sentences. */
  readonly label: string;
  /** `undefined` where nothing is known of the parameters. */
  readonly parameters: ParameterChecks | undefined;
}

/**
 * Checks the arguments of one call and gives back what is to travel: `args` itself unless a schema changed something.
 *
 * @throws BowechoError `ARGUMENT_INVALID` that names the method, the argument's index and the reason
 * @example
 * checkArguments(definition.method('deposit'), ['ann', new Money(5n, 'EUR')]);
 */
export function checkArguments(method: CheckedMethod, args: readonly unknown[]): readonly unknown[] {
  if (method.parameters === undefined) return args;
  const { checks, rest } = method.parameters;
  if (args.length > checks.length && rest === undefined) refuseCount(method, args.length, checks.length);

  let changed: unknown[] | undefined;
  const count = Math.max(args.length, checks.length);
  for (let index = 0; index < count; index++) {
    const check = checks[index] ?? rest!;
    const value = args[index];
    if (check.schema === undefined) {
      if (check.test(value) || (value === undefined && check.acceptsUndefined)) continue;
      refuseArgument(method, index, `must be ${check.description}, but is ${describeValue(value)}`);
    }
    const output = validated(method, index, check, check.schema, value);
    if (Object.is(output, value)) continue;
    changed ??= [...args];
    while (changed.length < index) changed.push(undefined);
    changed[index] = output;
  }
  return changed ?? args;
}

/** The schema's output. */
function validated(
  method: CheckedMethod,
  index: number,
  check: ArgumentCheck,
  schema: StandardSchemaV1,
  value: unknown,
): unknown {
  const result = schemaResult(method, index, schema, value);
  if (result.issues === undefined) return result.value;
  if (value === undefined && check.acceptsUndefined) return value;
  refuseArgument(method, index, `is refused by its schema: ${result.issues.map(describeIssue).join('; ')}`);
}

function schemaResult(
  method: CheckedMethod,
  index: number,
  schema: StandardSchemaV1,
  value: unknown,
): StandardSchemaV1.Result<unknown> {
  let result;
  try {
    result = schema['~standard'].validate(value);
  } catch (cause) {
    refuseArgument(method, index, `made its schema throw: ${describeThrown(cause)}`, cause);
  }
  if (!isResult(result))
    refuseArgument(method, index, `got no result from its schema, but ${describeValue(result)}`);
  if (!isThenable(result)) return result;
  // The promise is dropped on purpose, so a rejection of it must not end the process.
  result.then(undefined, () => undefined);
  refuseArgument(method, index, 'has an asynchronous schema; arguments are checked synchronously');
}

/** A schema may be any object that claims to be one, so its result is looked at before it is believed. */
function isResult(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  const { issues } = result as { readonly issues?: unknown };
  return issues === undefined || (Array.isArray(issues) && issues.every(isIssue));
}

function isIssue(issue: unknown): boolean {
  return typeof issue === 'object' && issue !== null;
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return 'then' in value && typeof value.then === 'function';
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map(part => String(typeof part === 'object' ? part.key : part)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describeValue(thrown);
}

function refuseArgument(method: CheckedMethod, index: number, reason: string, cause?: unknown): never {
  throw new BowechoError('ARGUMENT_INVALID', `${method.label}: argument ${index} ${reason}`, {
    didExecute: 'no',
    cause,
  });
}

function refuseCount(method: CheckedMethod, given: number, allowed: number): never {
  const takes = allowed === 0 ? 'no arguments' : allowed === 1 ? 'one argument' : `${allowed} arguments`;
  throw new BowechoError('ARGUMENT_INVALID', `${method.label} takes ${takes}, but got ${given}`, {
    didExecute: 'no',
  });
}
