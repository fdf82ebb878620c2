/**
 * CallMessage is the payload of one ordered call: which method of which instance, with which arguments.
 *
 * ```
 *  | flags u8 | method u8 | key length u16 | gather id u32, if flagged | key, UTF-8 | arguments, one msgpack array |
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

/** Room for what precedes the arguments: the fixed part and a key of at most 256 bytes. */
const HEADER_ROOM = 512;

/** Writes call messages into one buffer, which grows to the largest. Its bytes are valid until the next `write`. */
export class CallWriter {
  bytes = Buffer.allocUnsafeSlow(4096);

  /**
   * @param gatherId names the call in the replicas' answers, below 2^32; -1: only my own replica answers
   * @returns the length of the message, which begins at `bytes[0]`
   */
  write(method: number, key: string, args: Uint8Array, gatherId: number): number {
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
    const argsAt = keyAt + keyBytes;
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
  /** Where the arguments begin. */
  argsAt = 0;

  /**
   * Reads the header of the message in `memory[offset .. offset + length)`.
   *
   * @throws BowechoError `NOT_SERIALIZABLE` if that is none
   */
  read(memory: Buffer, offset: number, length: number): void {
    const end = offset + length;
    const gathers = length >= FIXED_BYTES && memory[offset] === FLAG_GATHER;
    const keyAt = offset + (gathers ? FIXED_BYTES + GATHER_BYTES : FIXED_BYTES);
    const keyBytes = memory[offset + 2]! | (memory[offset + 3]! << 8);
    if (length < FIXED_BYTES || memory[offset]! > FLAG_GATHER || keyAt + keyBytes >= end) {
      throw new BowechoError(
        'NOT_SERIALIZABLE',
        `${length} bytes are no call: a key of ${keyBytes} bytes does not fit`,
      );
    }
    this.method = memory[offset + 1]!;
    this.gatherId = gathers ? memory.readUInt32LE(offset + FIXED_BYTES) : -1;
    this.key = this.readKey(memory, keyAt, keyBytes);
    this.argsAt = keyAt + keyBytes;
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
