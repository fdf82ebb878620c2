/**
 * Control messages as frames, little-endian. Who sent one does not travel: it is whom the connection's greeting named.
 *
 * ```
 * application   | vid f64 | bytes |
 * keys          | vid f64 | address | member table | count u32 | shard table, count times |
 *               each of these: | length u32 | bytes |, and the length 2^32 - 1 alone where there is no table
 * ```
 */
import {
  assert,
  BowechoError,
  type ControlMessage,
  type KeysMessage,
  type MemberIdentity,
} from '@bowecho/core';
import { FRAME_KIND, HEADER_BYTES, writeHeader, type Frame } from './frame.js';
import { Unreadable } from './unreadable.js';

/** A view id is a whole number below 2^53. */
const VID_BYTES = 8;
const LENGTH_BYTES = 4;
const ABSENT = 0xffff_ffff;

/** Up to here bytes are copied behind their header: one small write costs less than two. */
const COPIED_BYTES = 16 * 1024;

/**
 * A message as a frame, in pieces to be written one after the other. The second piece, where there is one, is the
 * message's own bytes: they must not change until they were written.
 *
 * @throws BowechoError `TOO_LARGE` if its payload exceeds `maxFrameBytes`
 */
export function encodeMessage(message: ControlMessage, maxFrameBytes: number): readonly Uint8Array[] {
  if (message.kind === 'keys') return [encodeKeys(message, maxFrameBytes)];
  const { bytes, vid } = message;
  const payloadBytes = VID_BYTES + bytes.length;
  checkSize(payloadBytes, maxFrameBytes);
  const isCopied = bytes.length <= COPIED_BYTES;
  const head = Buffer.allocUnsafe(HEADER_BYTES + VID_BYTES + (isCopied ? bytes.length : 0));
  writeHeader(head, FRAME_KIND.application, payloadBytes);
  head.writeDoubleLE(vid, HEADER_BYTES);
  if (!isCopied) return [head, bytes];
  head.set(bytes, HEADER_BYTES + VID_BYTES);
  return [head];
}

function encodeKeys(message: KeysMessage, maxFrameBytes: number): Buffer {
  const { address, memberTable, shardTables } = message;
  let payloadBytes = VID_BYTES + 3 * LENGTH_BYTES + address.length + memberTable.length;
  for (const table of shardTables) payloadBytes += LENGTH_BYTES + (table?.length ?? 0);
  checkSize(payloadBytes, maxFrameBytes);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes);
  writeHeader(frame, FRAME_KIND.keys, payloadBytes);
  let at = frame.writeDoubleLE(message.vid, HEADER_BYTES);
  const write = (bytes: Uint8Array | undefined): void => {
    at = frame.writeUInt32LE(bytes?.length ?? ABSENT, at);
    if (bytes === undefined) return;
    frame.set(bytes, at);
    at += bytes.length;
  };
  write(address);
  write(memberTable);
  at = frame.writeUInt32LE(shardTables.length, at);
  shardTables.forEach(write);
  assert(at === frame.length, `${at} bytes of keys in a frame of ${frame.length}`);
  return frame;
}

function checkSize(bytes: number, maxFrameBytes: number): void {
  if (bytes <= maxFrameBytes) return;
  throw new BowechoError(
    'TOO_LARGE',
    `a control message of ${bytes} bytes exceeds the ${maxFrameBytes} that one may have; nothing was sent`,
  );
}

/**
 * Reads a message of `from`. Its bytes are views of the frame.
 *
 * @throws Unreadable
 */
export function decodeMessage({ kind, payload }: Frame, from: MemberIdentity): ControlMessage {
  if (kind !== FRAME_KIND.keys && kind !== FRAME_KIND.application) {
    throw new Unreadable(`a frame of kind ${kind} came where a message was expected`);
  }
  if (payload.length < VID_BYTES) throw new Unreadable(`a message has ${payload.length} bytes`);
  const vid = payload.readDoubleLE(0);
  if (!Number.isSafeInteger(vid) || vid < 0) throw new Unreadable(`a message is of view ${vid}`);
  if (kind === FRAME_KIND.application) {
    return { kind: 'application', vid, from, bytes: payload.subarray(VID_BYTES) };
  }
  return { kind: 'keys', vid, from, ...new KeysReader(payload).read() };
}

/** Reads a keys message behind its view id; no length in it is believed. */
class KeysReader {
  private at = VID_BYTES;

  constructor(private readonly payload: Buffer) {}

  read(): Pick<KeysMessage, 'address' | 'memberTable' | 'shardTables'> {
    const address = this.bytes('address');
    const memberTable = this.bytes('memberTable');
    const count = this.length('shardTables');
    // Each has a length at least, so a list of this many was really sent.
    if (count * LENGTH_BYTES > this.left) {
      throw new Unreadable(`keys announce ${count} shard tables in ${this.left} bytes`);
    }
    const shardTables: (Uint8Array | undefined)[] = [];
    for (let i = 0; i < count; i++) shardTables.push(this.optionalBytes(`shardTables[${i}]`));
    if (this.left > 0) throw new Unreadable(`keys are followed by ${this.left} bytes`);
    return { address, memberTable, shardTables };
  }

  private get left(): number {
    return this.payload.length - this.at;
  }

  private length(what: string): number {
    if (this.left < LENGTH_BYTES) throw new Unreadable(`keys end before the length of ${what}`);
    const length = this.payload.readUInt32LE(this.at);
    this.at += LENGTH_BYTES;
    return length;
  }

  private bytes(what: string): Uint8Array {
    const bytes = this.optionalBytes(what);
    if (bytes === undefined) throw new Unreadable(`keys are without ${what}`);
    return bytes;
  }

  private optionalBytes(what: string): Uint8Array | undefined {
    const length = this.length(what);
    if (length === ABSENT) return undefined;
    if (length > this.left)
      throw new Unreadable(`${what} of keys has ${length} bytes, and ${this.left} came`);
    const start = this.at;
    this.at += length;
    return this.payload.subarray(start, this.at);
  }
}
