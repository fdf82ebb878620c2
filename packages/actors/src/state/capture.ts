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
 * It cannot restore an object that was both changed and then frozen by the same command; `restoreCaptured` says so.
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
  if (Array.isArray(object)) {
    const saved = copy as unknown[];
    return object.length === saved.length && saved.every((element, i) => Object.is(element, object[i]));
  }
  if (object instanceof Date) return Object.is(object.getTime(), (copy as Date).getTime());
  if (object instanceof RegExp) return object.lastIndex === (copy as RegExp).lastIndex;
  if (isBytes(object)) return Buffer.compare(bytesOf(object), bytesOf(copy as ArrayBuffer)) === 0;
  const fields = object as Record<string, unknown>;
  const saved = copy as Record<string, unknown>;
  const keys = Object.keys(fields);
  const savedKeys = Object.keys(saved);
  return (
    keys.length === savedKeys.length &&
    keys.every((key, i) => key === savedKeys[i] && Object.is(fields[key], saved[key]))
  );
}

/** Puts the content of the shallow copy back into the object. False: a handler changed the object and then froze it. */
export function restoreCaptured(object: object, copy: unknown): boolean {
  if (isAsCaptured(object, copy)) return true;
  if (!Object.isExtensible(object)) return false;
  if (Array.isArray(object)) {
    const saved = copy as unknown[];
    object.length = saved.length;
    for (let i = 0; i < saved.length; i++) object[i] = saved[i];
  } else if (object instanceof Date) object.setTime((copy as Date).getTime());
  else if (object instanceof RegExp) object.lastIndex = (copy as RegExp).lastIndex;
  else if (isBytes(object)) bytesOf(object).set(bytesOf(copy as ArrayBuffer));
  else {
    const fields = object as Record<string, unknown>;
    const saved = copy as Record<string, unknown>;
    // The order of keys is only right if all keys come anew, except where the keys are the same anyhow.
    const savedKeys = Object.keys(saved);
    const keys = Object.keys(fields);
    if (keys.length !== savedKeys.length || keys.some((key, i) => key !== savedKeys[i])) {
      for (const key of keys) delete fields[key];
    }
    for (const key of savedKeys) fields[key] = saved[key];
  }
  return true;
}

function isBytes(object: object): object is ArrayBuffer | ArrayBufferView {
  return object instanceof ArrayBuffer || ArrayBuffer.isView(object);
}

function bytesOf(memory: ArrayBuffer | ArrayBufferView): Uint8Array {
  return memory instanceof ArrayBuffer
    ? new Uint8Array(memory)
    : new Uint8Array(memory.buffer, memory.byteOffset, memory.byteLength);
}
