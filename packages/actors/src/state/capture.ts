/**
 * Capturing copies what a handler may change through a reference, at the moment that the reference is handed out.
 *
 * A value in the state may be a tree of plain objects, arrays, `@Value` instances, dates and buffers. Each of them is
 * copied shallowly, and paired with the original. Restoring puts the old content back into the same objects, so a
 * rollback keeps identity, nested references, array order and the order of keys.
 *
 * Frozen objects are not copied (their children are visited), so immutable values cost next to nothing. Journaled
 * collections are not entered: they remember their own changes.
 *
 * It cannot restore an object that was changed and then frozen by the same command, nor memory that was detached or
 * resized; `restoreCaptured` says so.
 */
import { copyBuiltIn } from '../codec/copy.js';
import { isJournaled } from './entry-list.js';

/** Appends every object of the tree under `value` that can change to `objects`, and a shallow copy to `copies`. */
export function captureInto(value: object, objects: object[], copies: unknown[]): void {
  if (isJournaled(value)) return;
  if (Array.isArray(value)) {
    if (!Object.isFrozen(value)) {
      objects.push(value);
      copies.push(value.slice());
    }
    for (let i = 0; i < value.length; i++) {
      const child: unknown = value[i];
      if (typeof child === 'object' && child !== null) captureInto(child, objects, copies);
    }
    return;
  }
  const builtIn = copyBuiltIn(value);
  if (builtIn !== undefined) {
    objects.push(value);
    copies.push(builtIn);
    return;
  }
  const fields = value as Record<string, unknown>;
  if (!Object.isFrozen(value)) {
    objects.push(value);
    copies.push({ ...fields });
  }
  for (const key in fields) {
    const child = fields[key];
    if (typeof child === 'object' && child !== null) captureInto(child, objects, copies);
  }
}

/** Whether an object still has the content of its shallow copy. */
export function isAsCaptured(object: object, copy: unknown): boolean {
  try {
    return hasContentOf(object, copy);
  } catch {
    return false; // it cannot even be read any more: a detached buffer, a getter that throws
  }
}

function hasContentOf(object: object, copy: unknown): boolean {
  if (Object.getOwnPropertySymbols(object).length > 0) return false;
  if (isBytes(object)) return Buffer.compare(bytesOf(object), bytesOf(copy as ArrayBuffer)) === 0;
  const keys = Object.keys(object);
  if (Array.isArray(object)) {
    const saved = copy as unknown[];
    // As many keys as elements: no hole, and nothing beside the elements.
    return (
      object.length === saved.length &&
      keys.length === saved.length &&
      saved.every((element, i) => Object.is(element, object[i]))
    );
  }
  if (object instanceof Date)
    return keys.length === 0 && Object.is(object.getTime(), (copy as Date).getTime());
  if (object instanceof RegExp) return keys.length === 0 && object.lastIndex === (copy as RegExp).lastIndex;
  const fields = object as Record<string, unknown>;
  const saved = copy as Record<string, unknown>;
  return isSameOrder(keys, Object.keys(saved)) && keys.every(key => Object.is(fields[key], saved[key]));
}

/**
 * Puts the content of the shallow copy back into the object. It never throws, since a member that fails to roll back has
 * no way on.
 *
 * @returns false when the object would not take it: the handler froze it after a change, made a field of it read-only, or
 *   detached or resized its memory
 */
export function restoreCaptured(object: object, copy: unknown): boolean {
  if (isAsCaptured(object, copy)) return true;
  try {
    putBack(object, copy);
  } catch {
    return false;
  }
  return isAsCaptured(object, copy);
}

function putBack(object: object, copy: unknown): void {
  for (const symbol of Object.getOwnPropertySymbols(object)) Reflect.deleteProperty(object, symbol);
  if (isBytes(object)) bytesOf(object).set(bytesOf(copy as ArrayBuffer));
  else if (Array.isArray(object)) {
    const saved = copy as unknown[];
    object.length = saved.length;
    for (let i = 0; i < saved.length; i++) object[i] = saved[i];
    // Elements are the first keys; what follows was hung on the array.
    for (const key of Object.keys(object).slice(saved.length)) Reflect.deleteProperty(object, key);
  } else if (object instanceof Date || object instanceof RegExp) {
    for (const key of Object.keys(object)) Reflect.deleteProperty(object, key);
    if (object instanceof Date) object.setTime((copy as Date).getTime());
    else object.lastIndex = (copy as RegExp).lastIndex;
  } else putBackFields(object as Record<string, unknown>, copy as Record<string, unknown>);
}

function putBackFields(fields: Record<string, unknown>, saved: Record<string, unknown>): void {
  const keys = Object.keys(fields);
  const savedKeys = Object.keys(saved);
  // The order of keys is only right if all keys come anew. Where they cannot come back, they had better not go.
  if (Object.isExtensible(fields) && !isSameOrder(keys, savedKeys)) {
    for (const key of keys) Reflect.deleteProperty(fields, key);
  }
  for (const key of savedKeys) {
    const value = saved[key];
    const field = Reflect.getOwnPropertyDescriptor(fields, key);
    if (field !== undefined && 'value' in field) {
      if (!Object.is(field.value, value)) Reflect.set(fields, key, value);
    } else {
      // Defined, not assigned: a setter of the class, or one that the handler made, must not run here.
      Reflect.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}

function isSameOrder(keys: readonly string[], others: readonly string[]): boolean {
  return keys.length === others.length && keys.every((key, i) => key === others[i]);
}

function isBytes(object: object): object is ArrayBuffer | ArrayBufferView {
  return object instanceof ArrayBuffer || ArrayBuffer.isView(object);
}

function bytesOf(memory: ArrayBuffer | ArrayBufferView): Uint8Array {
  return memory instanceof ArrayBuffer
    ? new Uint8Array(memory)
    : new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength);
}
