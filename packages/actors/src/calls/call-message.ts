/**
 * CallMessage is the payload of one ordered call: which method of which instance, with which arguments.
 *
 * ```
 *  | flags u8 | method u8 | key length u16 | gather id u32, if flagged | key, UTF-8 |
 *  | idempotency key length u16, tried since f64, idempotency key, UTF-8, if flagged | arguments, one msgpack array |
 * ```
 *
 * The actor's type needs no place: a replica set belongs to one type. A reader gets a `CallHeader` that it reuses, and
 * the arguments stay bytes until the method is known.
 */
import { BowechoError } from '@bowecho/core';

const FIXED_BYTES = 4;
const GATHER_BYTES = 4;
/** Every replica answers the caller. */
const FLAG_GATHER = 1;
/** It has an idempotency key. */
const FLAG_ONCE = 2;
const ONCE_BYTES = 10;

/** Room for what precedes the arguments: the fixed parts, a key of at most 256 bytes, and 256 characters of three. */
const HEADER_ROOM = 1088;

/** Writes call messages into one buffer, which grows to the largest. Its bytes are valid until the next `write`. */
export class CallWriter {
  bytes = Buffer.allocUnsafeSlow(4096);

  /**
   * @param gatherId names the call in the replicas' answers, below 2^32; -1: only my own replica answers
   * @param idempotencyKey undefined: each delivery of it is a command of its own
   * @param triedSince when it was first sent, microseconds; -1: it is sent the first time
   * @returns the length of the message, which begins at `bytes[0]`
   */
  write(
    method: number,
    key: string,
    args: Uint8Array,
    gatherId: number,
    idempotencyKey?: string,
    triedSince = -1,
  ): number {
    if (HEADER_ROOM + args.length > this.bytes.length) {
      this.bytes = Buffer.allocUnsafeSlow(2 * (HEADER_ROOM + args.length));
    }
    const { bytes } = this;
    const gathers = gatherId >= 0;
    const keyAt = gathers ? FIXED_BYTES + GATHER_BYTES : FIXED_BYTES;
    const keyBytes = writeKey(bytes, key, keyAt);
    bytes[0] = gathers ? FLAG_GATHER : 0;
    bytes[1] = method;
    bytes[2] = keyBytes & 255;
    bytes[3] = keyBytes >> 8;
    if (gathers) bytes.writeUInt32LE(gatherId, FIXED_BYTES);
    let argsAt = keyAt + keyBytes;
    if (idempotencyKey !== undefined) {
      const onceBytes = bytes.write(idempotencyKey, argsAt + ONCE_BYTES, 'utf8');
      bytes[0] |= FLAG_ONCE;
      bytes.writeUInt16LE(onceBytes, argsAt);
      bytes.writeDoubleLE(triedSince, argsAt + 2);
      argsAt += ONCE_BYTES + onceBytes;
    }
    if (args.length < COPY_BY_HAND_BYTES) for (let i = 0; i < args.length; i++) bytes[argsAt + i] = args[i]!;
    else bytes.set(args, argsAt);
    return argsAt + args.length;
  }
}

/** Below this a loop beats a call into native code. */
const COPY_BY_HAND_BYTES = 64;

/** Short ASCII keys, which are nearly all, are written without leaving JavaScript. */
function writeKey(bytes: Buffer, key: string, at: number): number {
  if (key.length <= COPY_BY_HAND_BYTES) {
    let i = 0;
    for (; i < key.length; i++) {
      const code = key.charCodeAt(i);
      if (code >= 0x80) break;
      bytes[at + i] = code;
    }
    if (i === key.length) return i;
  }
  return bytes.write(key, at, 'utf8');
}

/** What precedes the arguments; filled anew by each `read`. */
export class CallHeader {
  method = 0;
  key = '';
  gatherId = -1;
  /** Undefined: the call has none. */
  idempotencyKey: string | undefined;
  /** When the call was first sent, microseconds; -1: this is the first time. */
  triedSince = -1;
  /** Where the arguments begin. */
  argsAt = 0;

  /**
   * Reads the header of the message in `memory[offset .. offset + length)`.
   *
   * @throws BowechoError `NOT_SERIALIZABLE` if that is none
   */
  read(memory: Buffer, offset: number, length: number): void {
    const end = offset + length;
    const flags = memory[offset]!;
    const gathers = length >= FIXED_BYTES && (flags & FLAG_GATHER) !== 0;
    const keyAt = offset + (gathers ? FIXED_BYTES + GATHER_BYTES : FIXED_BYTES);
    const keyBytes = memory[offset + 2]! | (memory[offset + 3]! << 8);
    if (length < FIXED_BYTES || flags > (FLAG_GATHER | FLAG_ONCE) || keyAt + keyBytes >= end)
      refuse(length, keyBytes);
    this.method = memory[offset + 1]!;
    this.gatherId = gathers ? memory.readUInt32LE(offset + FIXED_BYTES) : -1;
    this.key = this.readKey(memory, keyAt, keyBytes);
    this.argsAt = keyAt + keyBytes;
    this.idempotencyKey = undefined;
    if ((flags & FLAG_ONCE) !== 0) this.readOnce(memory, end);
  }

  /** Reads the idempotency key, which stands where the arguments of other calls do. */
  private readOnce(memory: Buffer, end: number): void {
    const onceAt = this.argsAt + ONCE_BYTES;
    if (onceAt >= end) refuse(end - this.argsAt, ONCE_BYTES);
    const onceBytes = memory.readUInt16LE(this.argsAt);
    if (onceAt + onceBytes >= end) refuse(end - this.argsAt, onceBytes);
    this.triedSince = memory.readDoubleLE(this.argsAt + 2);
    this.idempotencyKey = memory.toString('utf8', onceAt, onceAt + onceBytes);
    this.argsAt = onceAt + onceBytes;
  }

  /** Calls often go to the key of the call before: then its text is there already. */
  private readKey(memory: Buffer, at: number, keyBytes: number): string {
    const { key } = this;
    if (keyBytes === key.length) {
      let i = 0;
      while (i < keyBytes && memory[at + i]! < 0x80 && memory[at + i] === key.charCodeAt(i)) i++;
      if (i === keyBytes) return key;
    }
    return memory.toString('utf8', at, at + keyBytes);
  }
}

function refuse(length: number, keyBytes: number): never {
  throw new BowechoError(
    'NOT_SERIALIZABLE',
    `${length} bytes are no call: a key of ${keyBytes} bytes does not fit`,
  );
}
