/**
 * From what a program says about parameters (`args`, or the compiler's `design:paramtypes`) to the checks that run.
 * Done once per class; what cannot be checked or cannot travel is a problem of the definition and not of a later call.
 *
 * Tests of built-in objects ask the engine (`node:util`'s `isMap` and so on) and not `instanceof`, because test runners
 * that use several realms have several `Map`s.
 */
import { types } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { valueTypeOf } from '../codec/values.js';
import { describeClass, describeValue } from '../config/describe-value.js';
import { GuardedDate } from '../determinism/guarded-date.js';
import type { ArgumentCheck, ParameterChecks } from './argument-checks.js';
import type { ArgumentList } from './declarations.js';

type BuiltIn = Pick<ArgumentCheck, 'description' | 'test'>;

const ANYTHING: BuiltIn = { description: 'anything', test: () => true };

const A_DATE: BuiltIn = { description: 'a Date', test: value => types.isDate(value) };

const BUILT_INS = new Map<unknown, BuiltIn>([
  [Object, ANYTHING],
  [String, { description: 'a string', test: value => typeof value === 'string' }],
  [Number, { description: 'a number', test: value => typeof value === 'number' }],
  [Boolean, { description: 'a boolean', test: value => typeof value === 'boolean' }],
  [BigInt, { description: 'a bigint', test: value => typeof value === 'bigint' }],
  [Array, { description: 'an array', test: value => Array.isArray(value) }],
  [Date, A_DATE],
  [GuardedDate, A_DATE], // of classes that were compiled while the guard was up
  [Map, { description: 'a Map', test: value => types.isMap(value) }],
  [Set, { description: 'a Set', test: value => types.isSet(value) }],
  [ArrayBuffer, { description: 'an ArrayBuffer', test: value => types.isArrayBuffer(value) }],
  [Uint8Array, { description: 'a Uint8Array', test: value => types.isUint8Array(value) }],
  [
    Uint8ClampedArray,
    { description: 'a Uint8ClampedArray', test: value => types.isUint8ClampedArray(value) },
  ],
  [Uint16Array, { description: 'a Uint16Array', test: value => types.isUint16Array(value) }],
  [Uint32Array, { description: 'a Uint32Array', test: value => types.isUint32Array(value) }],
  [Int8Array, { description: 'an Int8Array', test: value => types.isInt8Array(value) }],
  [Int16Array, { description: 'an Int16Array', test: value => types.isInt16Array(value) }],
  [Int32Array, { description: 'an Int32Array', test: value => types.isInt32Array(value) }],
  [Float32Array, { description: 'a Float32Array', test: value => types.isFloat32Array(value) }],
  [Float64Array, { description: 'a Float64Array', test: value => types.isFloat64Array(value) }],
  [BigInt64Array, { description: 'a BigInt64Array', test: value => types.isBigInt64Array(value) }],
  [BigUint64Array, { description: 'a BigUint64Array', test: value => types.isBigUint64Array(value) }],
]);

/** Why these cannot be parameters. */
const REFUSED = new Map<unknown, string>([
  [
    Function,
    "is a Function: functions cannot travel, and a class that was imported with 'import type' looks like one; import it with 'import', or pass `args`",
  ],
  [Promise, 'is a Promise: await before the call and pass what came of it'],
  [Symbol, 'is a symbol, which means nothing in another process; pass a string'],
  [Buffer, 'is a Buffer, but arrives as a Uint8Array; write Uint8Array'],
]);

/** What the parameters of one method were said to be. */
export interface ParameterSource {
  /** `actor.method`, for sentences. */
  readonly label: string;
  readonly args: ArgumentList | undefined;
  /** `design:paramtypes`, which has one entry per parameter, optional ones and the rest parameter included. */
  readonly metadata: readonly unknown[] | undefined;
  /** Parameters before the first one with a default value. */
  readonly requiredCount: number;
  readonly hasRest: boolean;
}

/** The checks of a method, or `undefined` where nothing is known; what is wrong is appended to `problems`. */
export function parameterChecks(source: ParameterSource, problems: string[]): ParameterChecks | undefined {
  const entries = listedEntries(source, problems);
  if (entries === undefined) return undefined;
  const checks = entries.map((entry, index) => checkOf(entry, index, source, problems));
  return source.hasRest ? { checks: checks.slice(0, -1), rest: checks.at(-1) } : { checks, rest: undefined };
}

function listedEntries(source: ParameterSource, problems: string[]): readonly unknown[] | undefined {
  const { args, label, requiredCount, hasRest } = source;
  if (args === undefined) return source.metadata;
  const list: unknown = typeof args === 'function' ? args() : args;
  if (!Array.isArray(list)) {
    problems.push(`${label}: \`args\` must be a list, but is ${describeValue(list)}`);
    return undefined;
  }
  const needed = requiredCount + (hasRest ? 1 : 0);
  if (list.length < needed) {
    problems.push(`${label}: \`args\` describes ${list.length} of ${needed} parameters`);
    return undefined;
  }
  return list as readonly unknown[];
}

function checkOf(entry: unknown, index: number, source: ParameterSource, problems: string[]): ArgumentCheck {
  const isFromMetadata = source.args === undefined;
  const acceptsUndefined = isFromMetadata || index >= source.requiredCount;
  const type = isThunk(entry) ? entry() : entry;

  if (isSchema(type)) return { description: 'schema', acceptsUndefined, test: ANYTHING.test, schema: type };
  // The compiler writes `undefined` for the types void, null and never.
  const builtIn = isFromMetadata && type === undefined ? ANYTHING : BUILT_INS.get(type);
  if (builtIn !== undefined) return { ...builtIn, acceptsUndefined, schema: undefined };

  const value = typeof type === 'function' ? valueTypeOf(type) : undefined;
  if (value !== undefined) {
    const { Class } = value;
    const test = (candidate: unknown): boolean => candidate instanceof Class;
    return {
      description: `a @Value ${value.name}@${value.version}`,
      acceptsUndefined,
      test,
      schema: undefined,
    };
  }
  problems.push(`${source.label}: parameter ${index} ${refusal(type)}`);
  return { ...ANYTHING, acceptsUndefined, schema: undefined };
}

function refusal(type: unknown): string {
  const known = REFUSED.get(type);
  if (known !== undefined) return known;
  if (typeof type === 'function') {
    return `is class ${describeClass(type)}, which is not a @Value: its instances would arrive as plain objects`;
  }
  return `must be a Standard Schema, a @Value class or a built-in constructor, but is ${describeValue(type)}`;
}

/** An arrow function: unlike a class or a built-in constructor it has no `prototype`. A schema may be callable. */
function isThunk(entry: unknown): entry is () => unknown {
  return typeof entry === 'function' && !isSchema(entry) && !Object.hasOwn(entry, 'prototype');
}

function isSchema(entry: unknown): entry is StandardSchemaV1 {
  if ((typeof entry !== 'object' && typeof entry !== 'function') || entry === null) return false;
  const standard: unknown = Reflect.get(entry, '~standard');
  return (
    typeof standard === 'object' &&
    standard !== null &&
    typeof Reflect.get(standard, 'validate') === 'function'
  );
}
