/**
 * Byte arrays are read here and not by msgpackr, so that a handler can borrow them: a `Uint8Array` is then a view of the
 * message, valid until the handler returns, instead of a copy that the handler owns. All other typed arrays are copied
 * in any case, since their elements must be aligned.
 *
 * The bytes are msgpackr's: extension type 't', one byte of kind, then the elements.
 */
import { addExtension } from './msgpackr.js';

const TYPED_ARRAY_EXTENSION = 0x74;
const UINT8_ARRAY = 1;
const ARRAY_BUFFER = 16;
const DATA_VIEW = 17;

/** By kind. */
const CLASSES: readonly (new (buffer: ArrayBuffer) => object)[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

let lends = false;

/** Runs `read`, in which byte arrays come out as views of the message. Unpacking is synchronous: one flag is enough. */
export function lendingByteArrays<T>(read: () => T): T {
  lends = true;
  try {
    return read();
  } finally {
    lends = false;
  }
}

addExtension({
  type: TYPED_ARRAY_EXTENSION,
  unpack(data: Uint8Array): object {
    const kind = data[0]!;
    if (lends && kind === UINT8_ARRAY)
      return new Uint8Array(data.buffer, data.byteOffset + 1, data.length - 1);
    const buffer = new Uint8Array(data.subarray(1)).buffer;
    if (kind === ARRAY_BUFFER) return buffer;
    if (kind === DATA_VIEW) return new DataView(buffer);
    const Class = CLASSES[kind];
    if (Class === undefined) throw new Error(`no typed array has the kind ${kind}`);
    return new Class(buffer);
  },
});
