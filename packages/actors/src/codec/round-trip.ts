/**
 * The rule of what may be sent: everything that arrives as it was sent, and nothing else.
 *
 * A serializer is polite: it turns a Set into an array, a class instance into a plain object, a function into
 * nothing, and the caller finds out in production. This walk refuses such values at the call, with the path to them,
 * before any byte is made. Whatever it accepts comes out of the codec deep-equal (a property test holds that).
 *
 * The walk is on the path of every call, so a refusal is only described when there is one: the leaves return a
 * reason, and each level puts its own step in front of the path on the way out.
 *
 * It does not look for two references to one object: they arrive as two objects, equal and apart.
 */
import { BowechoError } from '@bowecho/core';
import { valueTypeOfInstance } from './values.js';

/** How many containers may stand inside one another; the list of arguments counts as one. */
export const MAX_DEPTH = 32;

/** Why a value is refused and where it stands. The path grows while the walk returns. */
export interface Refusal {
  path: string;
  readonly reason: string;
}

/** What differs between the places that use this rule. */
export interface RoundTripRules {
  /** State may hold -0, which digests and copies keep; the wire turns it into 0. */
  readonly negativeZero: boolean;
  /** A Buffer arrives as a plain Uint8Array. Arguments may be Buffers all the same; state may not. */
  readonly buffers: boolean;
  /** Whether a Map or Set, standing this deep, is checked elsewhere and not entered (journaled ones inside state). */
  readonly isCheckedElsewhere?: (collection: object, depth: number) => boolean;
  /** Called for each Map or Set that is entered. */
  readonly onCollection?: () => void;
}

const WIRE: RoundTripRules = { negativeZero: false, buffers: true };

/**
 * Refuses a value that would not arrive as it was sent.
 *
 * @param root what the path in the error starts with, for example `args`
 * @throws BowechoError NOT_SERIALIZABLE
 * @example
 * assertRoundTrips([1, { at: () => 0 }], 'args'); // throws: args[1].at cannot be sent: it is a function
 */
export function assertRoundTrips(value: unknown, root: string): void {
  const refusal = findRefusal(value, 1, WIRE);
  if (refusal !== undefined) throw notSerializable(refusal, root, 'cannot be sent');
}

/** The same for a list of arguments, whose own array is not the user's and needs no check. */
export function assertArgumentsRoundTrip(args: readonly unknown[], root = 'args'): void {
  for (let i = 0; i < args.length; i++) {
    const refusal = findRefusal(args[i], 2, WIRE);
    if (refusal !== undefined) throw notSerializable(step(refusal, `[${i}]`), root, 'cannot be sent');
  }
}

export function notSerializable(refusal: Refusal, root: string, verdict: string): BowechoError {
  return new BowechoError('NOT_SERIALIZABLE', `${root}${refusal.path} ${verdict}: ${refusal.reason}`, {
    didExecute: 'no',
  });
}

/** The first refusal in `value`, which stands `depth` containers deep (1 for the outermost). */
export function findRefusal(value: unknown, depth: number, rules: RoundTripRules): Refusal | undefined {
  switch (typeof value) {
    case 'number':
      if (value === 0 && 1 / value < 0 && !rules.negativeZero)
        return refuse('it is -0, which would arrive as 0');
      return undefined;
    case 'string':
      return isWellFormed(value)
        ? undefined
        : refuse('it is a string with a lone surrogate, which UTF-8 cannot hold');
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return undefined;
    case 'object':
      return value === null ? undefined : findRefusalInObject(value, depth, rules);
    case 'function':
      return refuse('it is a function, and only data can be sent');
    default:
      return refuse('it is a symbol, and only data can be sent');
  }
}

function findRefusalInObject(value: object, depth: number, rules: RoundTripRules): Refusal | undefined {
  if (depth > MAX_DEPTH) {
    return refuse(
      isCyclic(value, new Set(), new Set())
        ? 'it contains itself'
        : `it stands more than ${MAX_DEPTH} containers deep, the limit`,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return findRefusalInFields(value, depth, rules);
  if (Array.isArray(value)) {
    return prototype === Array.prototype ? findRefusalInArray(value, depth, rules) : refuse(notAValue(value));
  }
  if (value instanceof Map || value instanceof Set) {
    if (rules.isCheckedElsewhere?.(value, depth) === true) return undefined;
    return findRefusalInCollection(value, depth, rules);
  }
  if (prototype === null) return refuse('it has no prototype, and would arrive with that of Object');
  if (valueTypeOfInstance(value) !== undefined) return findRefusalInFields(value, depth, rules);
  return findRefusalInBuiltIn(value, prototype, rules);
}

function findRefusalInFields(value: object, depth: number, rules: RoundTripRules): Refusal | undefined {
  const fields = value as Record<string, unknown>;
  // Only enumerable fields are data. Listing the hidden ones as well would double the cost of every object.
  for (const key in fields) {
    // Enumerable properties of a prototype are met too; msgpackr skips those, and so does this.
    if (!hasOwn.call(fields, key)) continue;
    const refusal =
      findRefusalInKey(key) ??
      (lookupGetter.call(fields, key) !== undefined
        ? refuse('it is an accessor, and would arrive as a plain field')
        : findRefusal(fields[key], depth + 1, rules));
    if (refusal !== undefined) return step(refusal, fieldStep(key));
  }
  return findSymbolKey(value);
}

/** Keys that msgpackr would rename or stumble over. */
function findRefusalInKey(key: string): Refusal | undefined {
  if (key === '__proto__') return refuse('a field of that name would be renamed on its way');
  // msgpackr keeps its own notes under this name and then writes bytes that cannot be read, even of later values.
  if (key === '__keys__') return refuse('a field of that name cannot be encoded');
  return isWellFormed(key) ? undefined : refuse('its name has a lone surrogate, which UTF-8 cannot hold');
}

function findRefusalInArray(
  value: readonly unknown[],
  depth: number,
  rules: RoundTripRules,
): Refusal | undefined {
  for (let i = 0; i < value.length; i++) {
    const element = value[i];
    const refusal =
      element === undefined && !Object.hasOwn(value, i)
        ? refuse('it is a hole in a sparse array, and would arrive as undefined')
        : findRefusal(element, depth + 1, rules);
    if (refusal !== undefined) return step(refusal, `[${i}]`);
  }
  const keys = Object.keys(value);
  if (keys.length > value.length) {
    return refuse(`it is an array with an extra property '${keys[value.length]}', which would be lost`);
  }
  return findSymbolKey(value);
}

function findRefusalInCollection(
  value: Map<unknown, unknown> | Set<unknown>,
  depth: number,
  rules: RoundTripRules,
): Refusal | undefined {
  // Journaled collections pass: they say that their constructor is Map or Set, so that every library agrees.
  if (value.constructor !== Map && value.constructor !== Set) return refuse(notAValue(value));
  rules.onCollection?.();
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      const keyRefusal = findRefusal(key, depth + 1, rules);
      if (keyRefusal !== undefined) return step(keyRefusal, `.keys(${describeKey(key)})`);
      const refusal = findRefusal(entry, depth + 1, rules);
      if (refusal !== undefined) return step(refusal, `.get(${describeKey(key)})`);
    }
  } else {
    for (const member of value) {
      const refusal = findRefusal(member, depth + 1, rules);
      if (refusal !== undefined) return step(refusal, `.member(${describeKey(member)})`);
    }
  }
  return findExtraProperty(value);
}

const BUILT_INS = new Set<unknown>(
  [
    Date.prototype,
    RegExp.prototype,
    ArrayBuffer.prototype,
    DataView.prototype,
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
  ].map(entry => (typeof entry === 'function' ? (entry.prototype as unknown) : entry)),
);

function findRefusalInBuiltIn(value: object, prototype: unknown, rules: RoundTripRules): Refusal | undefined {
  if (prototype === Buffer.prototype) {
    return rules.buffers
      ? undefined
      : refuse('it is a Buffer; keep a plain Uint8Array (new Uint8Array(buffer))');
  }
  if (!BUILT_INS.has(prototype)) return refuse(notAValue(value));
  if (value instanceof RegExp) {
    if (value.lastIndex !== 0)
      return refuse(`it is a RegExp whose lastIndex is ${value.lastIndex}, and would be 0`);
    return undefined;
  }
  // Their elements are own keys; only a key beyond them is an extra property. Listing the keys of a large buffer
  // would cost more than sending it, so extra properties of byte arrays are looked for by symbol alone.
  if (ArrayBuffer.isView(value)) return findSymbolKey(value);
  if (value instanceof ArrayBuffer && isResizable(value))
    return refuse('it is resizable, and would not arrive so');
  return findExtraProperty(value);
}

/** Properties that a user hung on a built-in object; collections, dates and buffers have none of their own. */
function findExtraProperty(value: object): Refusal | undefined {
  const [name] = Object.keys(value);
  return name === undefined
    ? findSymbolKey(value)
    : refuse(`it has an extra property '${name}', which would be lost`);
}

function findSymbolKey(value: object): Refusal | undefined {
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.length === 0
    ? undefined
    : refuse(`it has the symbol key ${String(symbols[0])}, which would be lost`);
}

function notAValue(value: object): string {
  if (value instanceof Error) return 'it is an Error, whose class and stack would be lost; send its message';
  if (value instanceof Promise) return 'it is a promise; await it before the call';
  const constructor: unknown = value.constructor;
  const name = typeof constructor === 'function' ? constructor.name : 'an unknown class';
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return `it is a boxed ${name}, and would arrive as another kind of value`;
  }
  return `it is an instance of ${name}, which is not a @Value class, and would lose its class`;
}

/** Runs only when the depth limit is reached, so that the sentence can tell a cycle from a deep value. */
function isCyclic(value: unknown, open: Set<unknown>, closed: Set<unknown>): boolean {
  if (typeof value !== 'object' || value === null || closed.has(value)) return false;
  if (open.has(value)) return true;
  // Deep enough to find any cycle that people make, and not so deep that the stack could end.
  if (open.size > 8 * MAX_DEPTH) return false;
  open.add(value);
  const children: Iterable<unknown> = value instanceof Set ? value : Object.values(value);
  const found =
    (value instanceof Map && [...value].flat().some(child => isCyclic(child, open, closed))) ||
    Array.from(children).some(child => isCyclic(child, open, closed));
  open.delete(value);
  closed.add(value);
  return found;
}

function refuse(reason: string): Refusal {
  return { path: '', reason };
}

function step(refusal: Refusal, path: string): Refusal {
  refusal.path = path + refusal.path;
  return refusal;
}

export function fieldStep(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

export function describeKey(key: unknown): string {
  if (typeof key === 'string') return JSON.stringify(key);
  if (typeof key === 'bigint') return `${key}n`;
  return typeof key === 'object' && key !== null ? (key.constructor?.name ?? 'an object') : String(key);
}

const hasOwn = Object.prototype.hasOwnProperty;

const lookupGetter = (Object.prototype as unknown as { __lookupGetter__(this: object, key: string): unknown })
  .__lookupGetter__;

/** In every supported Node, but not yet in the ES2022 library that the project compiles against. */
const nativeIsWellFormed = (String.prototype as unknown as { isWellFormed(this: string): boolean })
  .isWellFormed;

function isWellFormed(text: string): boolean {
  return nativeIsWellFormed.call(text);
}

function isResizable(buffer: ArrayBuffer): boolean {
  return (buffer as ArrayBuffer & { readonly resizable?: boolean }).resizable === true;
}
