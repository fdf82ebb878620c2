/**
 * A digest is 64 bits that are equal at two replicas exactly when their states are, up to the odds of a collision.
 *
 * Every value has one canonical text: tagged by type, prefixed by length where the end would not be clear, with the
 * keys of objects sorted. Maps, Sets and the fields of an actor are a sum, modulo 2^64, of the hashes of their
 * entries, so their order does not matter, and the digest of a Map can later be kept up to date entry by entry.
 *
 * Numbers differ by their bits (-0 is not 0), and each kind of number, array or class from every other. The order of
 * insertion into a Map is state that this does not see: replicas that apply the same commands have the same order.
 */
import { valueTypeOfInstance } from '../codec/values.js';
import { hash64, hash64OfBytes } from './hash.js';
import { actorStateOf, isSnapshotting } from './tracked-instance.js';

/**
 * The digest of a live instance, as 16 hexadecimal digits. A class with `snapshot()` is digested by its snapshot.
 *
 * @example
 * digestState(bank) === digestState(otherReplica)
 */
export function digestState(actor: object): string {
  if (isSnapshotting(actor)) return digestOf(actor.snapshot());
  let sum = 0n;
  for (const [name, value] of actorStateOf(actor).fields())
    sum += hash64(textOfString(name) + canonicalText(value));
  return hex(sum);
}

/** The digest of any data, as 16 hexadecimal digits. */
export function digestOf(value: unknown): string {
  return hex(hash64(canonicalText(value)));
}

function canonicalText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return textOfString(value);
    case 'number':
      return Object.is(value, -0) ? 'n-0;' : `n${value};`;
    case 'bigint':
      return `i${value};`;
    case 'boolean':
      return value ? 'T' : 'F';
    case 'undefined':
      return 'U';
    case 'object':
      return value === null ? 'N' : textOfObject(value);
    default:
      // Functions and symbols cannot be state; instances without tracking may hold them all the same.
      return `?${typeof value};`;
  }
}

function textOfString(text: string): string {
  return `s${text.length}:${text}`;
}

function textOfObject(value: object): string {
  if (Array.isArray(value)) {
    let text = `a${value.length}[`;
    for (const element of value as unknown[]) text += canonicalText(element);
    return text + ']';
  }
  if (value instanceof Map) {
    let sum = 0n;
    for (const [key, entry] of value) sum += hash64(canonicalText(key) + canonicalText(entry));
    return `m${value.size}:${hex(sum)}`;
  }
  if (value instanceof Set) {
    let sum = 0n;
    for (const member of value) sum += hash64(canonicalText(member));
    return `e${value.size}:${hex(sum)}`;
  }
  if (value instanceof Date) return `d${value.getTime()};`;
  if (value instanceof RegExp) return `r${textOfString(value.source)}${textOfString(value.flags)}`;
  if (value instanceof ArrayBuffer) return textOfBytes('ArrayBuffer', new Uint8Array(value));
  if (ArrayBuffer.isView(value)) {
    return textOfBytes(
      value.constructor.name,
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    );
  }
  return textOfFields(value);
}

function textOfBytes(kind: string, bytes: Uint8Array): string {
  return `b${kind}${bytes.length}:${hex(hash64OfBytes(bytes))}`;
}

function textOfFields(value: object): string {
  const type = valueTypeOfInstance(value);
  const fields = value as Record<string, unknown>;
  const names = Object.keys(fields).sort();
  let text =
    type === undefined ? `o${names.length}{` : `v${textOfString(type.name)}${type.version},${names.length}{`;
  for (const name of names) text += textOfString(name) + canonicalText(fields[name]);
  return text + '}';
}

function hex(sum: bigint): string {
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}
