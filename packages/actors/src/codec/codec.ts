/**
 * The codec turns arguments into bytes and back; it is on the path of every call.
 *
 * It is msgpackr with one extension: an instance of a `@Value` class travels as its name, its version and its fields. No
 * record structures are shared between messages, so any message can be read alone, by any member, in any order.
 *
 * Packing trusts its input: run `assertRoundTrips` first, or use `packArguments`, which does. Unpacking trusts
 * nothing: the bytes come from another machine. What comes out is checked to be something that could have been sent,
 * and every failure is a BowechoError with a sentence.
 *
 * msgpackr keeps its extensions and its buffer per process, not per instance. The extension only claims objects of
 * registered classes, and the packed bytes are only valid until the next pack, so neither is seen from outside.
 */
import { BowechoError } from '@bowecho/core';
import { addExtension, Packr, RESET_BUFFER_MODE } from './msgpackr.js';
import { lendingByteArrays } from './byte-arrays.js';
import { assertArgumentsRoundTrip, MAX_DEPTH } from './round-trip.js';
import { valueTypeNamed, valueTypeOfInstance } from './values.js';

/** The msgpack extension type of values: 'V'. */
const VALUE_EXTENSION = 0x56;

/** An answer travels inside an envelope of up to two arrays, so bytes may be that much deeper than a value. */
const MAX_DEPTH_OF_BYTES = MAX_DEPTH + 2;

class AnyValue {
  static [Symbol.hasInstance](candidate: object): boolean {
    return valueTypeOfInstance(candidate) !== undefined;
  }
}

addExtension({
  Class: AnyValue,
  type: VALUE_EXTENSION,
  write(instance: object): unknown {
    const type = valueTypeOfInstance(instance);
    const flat: unknown[] = [type?.name, type?.version];
    for (const key of Object.keys(instance)) flat.push(key, (instance as Record<string, unknown>)[key]);
    return flat;
  },
  read: revive,
});

const packr = new Packr({ moreTypes: true, structuredClone: false, useToJSON: false, copyBuffers: true });
/** Given to every `unpack`, to allocate nothing for it. */
const range = { start: 0, end: 0 };

/**
 * The bytes of a value that is known to round-trip. They are a view of a buffer that the next pack overwrites.
 *
 * @throws BowechoError NOT_SERIALIZABLE when msgpackr itself refuses.
 */
export function pack(value: unknown): Uint8Array {
  try {
    return packr.pack(value, RESET_BUFFER_MODE);
  } catch (error) {
    throw new BowechoError('NOT_SERIALIZABLE', `the value cannot be packed: ${sentenceOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Checks the arguments of a call and packs them.
 *
 * @param root what the path in an error starts with
 * @returns a view of a buffer that the next pack overwrites
 * @throws BowechoError NOT_SERIALIZABLE with the path of the first argument part that would not arrive as sent
 * @example
 * packArguments([1, { at: () => 0 }]); // throws: args[1].at cannot be sent: it is a function ...
 */
export function packArguments(args: readonly unknown[], root = 'args'): Uint8Array {
  assertArgumentsRoundTrip(args, root);
  return pack(args);
}

/**
 * The value that the bytes from `start` (inclusive) to `end` (exclusive) hold. Nothing in it refers to `bytes`, unless
 * `borrows`: then its `Uint8Array`s are views of them.
 *
 * @throws BowechoError NOT_SERIALIZABLE when the bytes are not exactly one value that could have been sent
 */
export function unpack(bytes: Uint8Array, start = 0, end = bytes.length, borrows = false): unknown {
  const length = end - start;
  if (!(start >= 0 && length > 0 && end <= bytes.length)) {
    throw new BowechoError('NOT_SERIALIZABLE', `bytes ${start} to ${end} of ${bytes.length} hold no message`);
  }
  range.start = start;
  range.end = end;
  try {
    const source = Buffer.isBuffer(bytes) ? bytes : bufferOver(bytes);
    const value: unknown = borrows
      ? lendingByteArrays((): unknown => packr.unpack(source, range))
      : packr.unpack(source, range);
    if (typeof value === 'object' && value !== null) settle(value, 1);
    return value;
  } catch (error) {
    if (error instanceof BowechoError) throw error;
    throw new BowechoError(
      'NOT_SERIALIZABLE',
      `${length} bytes hold no readable value: ${sentenceOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** msgpackr reads text out of a Buffer without leaving V8's fast path, out of a plain array byte by byte. */
function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Checks what came out of the bytes, and turns Buffers into plain byte arrays. */
function settle(value: object, depth: number): void {
  if (depth > MAX_DEPTH_OF_BYTES) {
    throw new BowechoError(
      'NOT_SERIALIZABLE',
      `the bytes hold more than ${MAX_DEPTH_OF_BYTES} containers inside one another`,
    );
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) settleChild(value[i], depth);
  } else if (value instanceof Map) {
    for (const [key, entry] of value) {
      settleChild(key, depth);
      settleChild(entry, depth);
    }
  } else if (value instanceof Set) {
    for (const member of value) settleChild(member, depth);
  } else if (Buffer.isBuffer(value)) {
    Object.setPrototypeOf(value, Uint8Array.prototype);
  } else if (isPlain(value) || valueTypeOfInstance(value) !== undefined) {
    for (const key in value) settleChild((value as Record<string, unknown>)[key], depth);
  } else if (value instanceof Error || !isSendableBuiltIn(value)) {
    throw new BowechoError('NOT_SERIALIZABLE', 'the bytes hold an object of a kind that cannot be sent');
  }
}

function settleChild(child: unknown, depth: number): void {
  if (typeof child === 'object' && child !== null) settle(child, depth + 1);
  else if (typeof child === 'function' || typeof child === 'symbol') {
    throw new BowechoError('NOT_SERIALIZABLE', `the bytes hold a ${typeof child}`);
  }
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

function isSendableBuiltIn(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

/** Makes the instance that [name, version, key, field, key, field, ...] describes, without running its constructor. */
function revive(datum: unknown): object {
  if (!Array.isArray(datum) || datum.length % 2 !== 0)
    throw malformed('is not [name, version, key, field, ...]');
  const [name, version] = datum as unknown[];
  if (typeof name !== 'string') throw malformed('has no name');
  const type = valueTypeNamed(name);
  if (type === undefined)
    throw malformed(`is named '${name.slice(0, 64)}', and no @Value class of that name is here`);
  if (type.version !== version) {
    throw malformed(
      `'${name}' has version ${String(version)}, and the class here has version ${type.version}`,
    );
  }
  const fields: Record<string, unknown> = {};
  for (let i = 2; i < datum.length; i += 2) {
    const key: unknown = datum[i];
    if (typeof key !== 'string' || key === '__proto__')
      throw malformed(`'${name}' has a field without a proper name`);
    fields[key] = datum[i + 1];
  }
  // A spread defines the fields; an assignment would call setters of the class, at the bidding of the bytes.
  return { __proto__: type.Class.prototype as object, ...fields };
}

function malformed(sentence: string): BowechoError {
  return new BowechoError('NOT_SERIALIZABLE', `a @Value in the bytes ${sentence}`);
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
