/**
 * Deep copies of data: what a caller may keep of a handler's result, and what a snapshot consists of.
 *
 * A handler's result may be, or contain, a piece of the live state. The caller must never hold that piece: it would
 * see later commands, and its own writes would make this replica differ from the others. A direct copy costs less
 * than packing and unpacking, keeps -0, and gives the same otherwise. Journaled collections come out as plain Maps
 * and Sets, Buffers as Uint8Array.
 *
 * Copies are trees: an object that is met twice becomes two.
 */
import { findRefusal, notSerializable, type RoundTripRules } from './round-trip.js';

const RULES: RoundTripRules = { negativeZero: true, buffers: true };

/**
 * A result that shares nothing with the state. Primitives come back as they are.
 *
 * @param root what the path in the error starts with
 * @throws BowechoError NOT_SERIALIZABLE when the result is not data
 * @example
 * const answer = copyResult(actor.holds()); // a Map of the caller's own
 */
export function copyResult(value: unknown, root = 'result'): unknown {
  const refusal = findRefusal(value, 1, RULES);
  if (refusal !== undefined) throw notSerializable(refusal, root, 'cannot be returned');
  return copyData(value);
}

/** A deep copy of a value that is known to be data. */
export function copyData(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyData);
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    for (const [key, entry] of value) copy.set(copyData(key), copyData(entry));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    for (const member of value) copy.add(copyData(member));
    return copy;
  }
  return copyBuiltIn(value) ?? copyFields(value);
}

/** A copy of a Date, RegExp, buffer or typed array; undefined for any other object. */
export function copyBuiltIn(value: object): object | undefined {
  if (value instanceof Date) return new Date(value);
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (!ArrayBuffer.isView(value)) return undefined;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  if (value instanceof Uint8Array) return bytes;
  const View = value.constructor as new (buffer: ArrayBuffer) => ArrayBufferView;
  return new View(bytes.buffer);
}

function copyFields(value: object): object {
  const copy = { __proto__: Object.getPrototypeOf(value) as object, ...value } as Record<string, unknown>;
  for (const key in copy) {
    const field = copy[key];
    if (typeof field === 'object' && field !== null) copy[key] = copyData(field);
  }
  return copy;
}
