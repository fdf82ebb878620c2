/**
 * A history as JSON lines, one call a line, for tools that judge or draw histories: who called what, when it began and when
 * it ended (virtual milliseconds), and how. A call that never ended has no `return`.
 *
 * What JSON cannot say stands in an object with one key that begins with `$`: `$bigint`, `$number` (NaN, -0, infinities),
 * `$map`, `$set`, `$date`, `$bytes` (base64), `$undefined`, and `$object` with the class and the fields of an instance.
 */
import { ActorError, BowechoError } from '@bowecho/actors';
import type { CallRecord } from './call-history.js';

/** @returns lines that end with a line feed each */
export function jsonLines(calls: readonly CallRecord[]): string {
  return calls.map(call => `${JSON.stringify(lineOf(call))}\n`).join('');
}

function lineOf(call: CallRecord): object {
  const { node, actor, key, method, args, face, read, idempotencyKey, calledAt, settledAt, outcome } = call;
  return {
    process: `n${node}`,
    actor,
    key,
    method,
    args: args.map(plain),
    ...(face !== 'call' && { face }),
    ...(read !== undefined && { read }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    call: calledAt,
    ...(settledAt !== undefined && { return: settledAt }),
    ...(outcome !== undefined && settledAt !== undefined && answerOf(outcome)),
  };
}

function answerOf(outcome: NonNullable<CallRecord['outcome']>): object {
  if ('value' in outcome) return { value: plain(outcome.value) };
  const { error } = outcome;
  const { name, message } = error;
  if (!(error instanceof BowechoError || error instanceof ActorError)) return { error: { name, message } };
  return { error: { name, message, code: error.code, didExecute: error.didExecute } };
}

/** As JSON has it. */
function plain(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { $bigint: String(value) };
    case 'object':
      return value === null ? null : plainObject(value);
    default:
      return { [`$${typeof value}`]: true };
  }
}

function plainObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return { $map: [...value].map(plain) };
  if (value instanceof Set) return { $set: [...value].map(plain) };
  if (value instanceof Date) return { $date: value.toJSON() };
  if (ArrayBuffer.isView(value))
    return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  const fields = Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? fields : { $object: name, fields };
}
