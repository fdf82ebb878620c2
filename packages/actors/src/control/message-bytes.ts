/**
 * Control messages as frames, little-endian. Who sent one does not travel: it is whom the connection's greeting named.
 *
 * ```
 * application   | vid f64 | bytes |
 * transfer      | 0 f64 | bytes |
 * keys          | vid f64 | address | member table | count u32 | shard table, count times |
 *               each of these: | length u32 | bytes |, and the length 2^32 - 1 alone where there is no table
 * decided       | vid f64 | ballot f64 | count u32 | fate u8, count times | count u32 | trims of a replica set, count times |
 *               each of these: | count u32 | trim f64, count times | then | count u32 | joiners, count times |
 *               each of these: | incarnation f64 | length u32 | id |
 * ```
 *
 * Whether a record fits its view is not known here: that is looked at by who knows the view.
 */
import {
  assert,
  BowechoError,
  fitsInSlot,
  type DecidedMessage,
  type Fate,
  type KeysMessage,
  type MemberIdentity,
  type ViewRecord,
} from '@bowecho/core';
import type { ChannelMessage } from './control-channel.js';
import { FRAME_KIND, HEADER_BYTES, writeHeader, type Frame } from './frame.js';
import { Unreadable } from './unreadable.js';

/** A view id is a whole number below 2^53. */
const VID_BYTES = 8;
const LENGTH_BYTES = 4;
const ABSENT = 0xffff_ffff;
const COUNT_BYTES = 8;
/** In a record, by the byte that stands for it. */
const FATES: readonly Fate[] = ['lost', 'leaves', 'stays'];

/** Up to here bytes are copied behind their header: one small write costs less than two. */
const COPIED_BYTES = 16 * 1024;

/**
 * A message as a frame, in pieces to be written one after the other. The second piece, where there is one, is the
 * message's own bytes: they must not change until they were written.
 *
 * @throws BowechoError `TOO_LARGE` if its payload exceeds `maxFrameBytes`
 */
export function encodeMessage(message: ChannelMessage, maxFrameBytes: number): readonly Uint8Array[] {
  switch (message.kind) {
    case 'application':
      return encodeBytes(FRAME_KIND.application, message.vid, message.bytes, maxFrameBytes);
    case 'transfer':
      return encodeBytes(FRAME_KIND.transfer, 0, message.bytes, maxFrameBytes);
    case 'keys':
      return [encodeKeys(message, maxFrameBytes)];
    case 'decided':
      return [encodeDecided(message, maxFrameBytes)];
  }
}

function encodeBytes(
  kind: number,
  vid: number,
  bytes: Uint8Array,
  maxFrameBytes: number,
): readonly Uint8Array[] {
  const payloadBytes = VID_BYTES + bytes.length;
  checkSize(payloadBytes, maxFrameBytes);
  const isCopied = bytes.length <= COPIED_BYTES;
  const head = Buffer.allocUnsafe(HEADER_BYTES + VID_BYTES + (isCopied ? bytes.length : 0));
  writeHeader(head, kind, payloadBytes);
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

function encodeDecided({ vid, record }: DecidedMessage, maxFrameBytes: number): Buffer {
  const { ballot, fates, trims, layout, joiners } = record;
  let payloadBytes = VID_BYTES + COUNT_BYTES + 2 * LENGTH_BYTES + fates.length;
  for (const counts of trims) payloadBytes += LENGTH_BYTES + COUNT_BYTES * counts.length;
  payloadBytes += LENGTH_BYTES;
  for (const ranks of layout) payloadBytes += LENGTH_BYTES + LENGTH_BYTES * ranks.length;
  payloadBytes += LENGTH_BYTES;
  for (const { id } of joiners) payloadBytes += COUNT_BYTES + LENGTH_BYTES + id.length;
  checkSize(payloadBytes, maxFrameBytes);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payloadBytes);
  writeHeader(frame, FRAME_KIND.decided, payloadBytes);
  let at = frame.writeDoubleLE(vid, HEADER_BYTES);
  at = frame.writeDoubleLE(ballot, at);
  at = frame.writeUInt32LE(fates.length, at);
  for (const fate of fates) at = frame.writeUInt8(FATES.indexOf(fate), at);
  at = frame.writeUInt32LE(trims.length, at);
  for (const counts of trims) {
    at = frame.writeUInt32LE(counts.length, at);
    for (const count of counts) at = frame.writeDoubleLE(count, at);
  }
  at = frame.writeUInt32LE(layout.length, at);
  for (const ranks of layout) {
    at = frame.writeUInt32LE(ranks.length, at);
    for (const rank of ranks) at = frame.writeUInt32LE(rank, at);
  }
  at = frame.writeUInt32LE(joiners.length, at);
  for (const { id, incarnation } of joiners) {
    at = frame.writeDoubleLE(incarnation, at);
    at = frame.writeUInt32LE(id.length, at);
    at += frame.write(id, at, 'latin1');
  }
  assert(at === frame.length, `${at} bytes of a record in a frame of ${frame.length}`);
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
export function decodeMessage({ kind, payload }: Frame, from: MemberIdentity): ChannelMessage {
  const read = READERS[kind];
  if (read === undefined) throw new Unreadable(`a frame of kind ${kind} came where a message was expected`);
  if (payload.length < VID_BYTES) throw new Unreadable(`a message has ${payload.length} bytes`);
  const vid = payload.readDoubleLE(0);
  if (!Number.isSafeInteger(vid) || vid < 0) throw new Unreadable(`a message is of view ${vid}`);
  return read(payload.subarray(VID_BYTES), vid, from);
}

/** By kind of frame: reads what follows the view id. */
const READERS: Readonly<Record<number, (body: Buffer, vid: number, from: MemberIdentity) => ChannelMessage>> =
  {
    [FRAME_KIND.application]: (bytes, vid, from) => ({ kind: 'application', vid, from, bytes }),
    [FRAME_KIND.transfer]: (bytes, _, from) => ({ kind: 'transfer', from, bytes }),
    [FRAME_KIND.keys]: (body, vid, from) => ({ kind: 'keys', vid, from, ...readKeys(body) }),
    [FRAME_KIND.decided]: (body, vid, from) => ({ kind: 'decided', vid, from, record: readRecord(body) }),
  };

function readKeys(body: Buffer): Pick<KeysMessage, 'address' | 'memberTable' | 'shardTables'> {
  const reader = new BodyReader(body, 'keys');
  const address = reader.bytes('address');
  const memberTable = reader.bytes('memberTable');
  const shardTables = reader.list('shard tables', LENGTH_BYTES, index =>
    reader.optionalBytes(`shardTables[${index}]`),
  );
  reader.end();
  return { address, memberTable, shardTables };
}

function readRecord(body: Buffer): ViewRecord {
  const reader = new BodyReader(body, 'a record');
  const ballot = reader.count('ballot');
  const fates = reader.list('fates', 1, index => reader.fate(`fates[${index}]`));
  const trims = reader.list('sets', LENGTH_BYTES, set =>
    reader.list(`trims of set ${set}`, COUNT_BYTES, sender => reader.count(`trims[${set}][${sender}]`)),
  );
  const layout = reader.list('sets of the layout', LENGTH_BYTES, set =>
    reader.list(`replicas of set ${set}`, LENGTH_BYTES, at => reader.rank(`layout[${set}][${at}]`)),
  );
  const joiners = reader.list('joiners', COUNT_BYTES + LENGTH_BYTES, index => ({
    incarnation: reader.count(`joiners[${index}].incarnation`),
    id: Buffer.from(reader.bytes(`joiners[${index}].id`)).toString('latin1'),
  }));
  for (const joiner of joiners)
    if (!fitsInSlot(joiner)) throw new Unreadable(`a record: '${joiner.id}' can be no joiner`);
  reader.end();
  return { ballot, fates, trims, layout, joiners };
}

/** Reads the fields of a message one after another; no length in it is believed. */
class BodyReader {
  private at = 0;

  /** @param subject whose fields they are, for sentences */
  constructor(
    private readonly body: Buffer,
    private readonly subject: string,
  ) {}

  /** A list behind its length, of items of at least `leastBytes` each. */
  list<T>(what: string, leastBytes: number, readItem: (index: number) => T): T[] {
    const count = this.length(what);
    // So a list of this many was really sent, and takes no more memory than that.
    if (count * leastBytes > this.left)
      throw new Unreadable(`${this.subject}: ${count} ${what} are announced, and ${this.left} bytes came`);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem(i));
    return items;
  }

  bytes(what: string): Uint8Array {
    const bytes = this.optionalBytes(what);
    if (bytes === undefined) throw new Unreadable(`${this.subject}: ${what} is missing`);
    return bytes;
  }

  optionalBytes(what: string): Uint8Array | undefined {
    const length = this.length(what);
    if (length === ABSENT) return undefined;
    const start = this.take(length, what);
    return this.body.subarray(start, this.at);
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(what: string): number {
    const count = this.body.readDoubleLE(this.take(COUNT_BYTES, what));
    if (!Number.isSafeInteger(count) || count < 0)
      throw new Unreadable(`${this.subject}: ${what} is ${count}`);
    return count;
  }

  rank(what: string): number {
    return this.body.readUInt32LE(this.take(LENGTH_BYTES, what));
  }

  fate(what: string): Fate {
    const byte = this.body[this.take(1, what)]!;
    const fate = FATES[byte];
    if (fate === undefined) throw new Unreadable(`${this.subject}: ${what} is ${byte}`);
    return fate;
  }

  /** Says that nothing may follow. */
  end(): void {
    if (this.left > 0) throw new Unreadable(`${this.subject}: ${this.left} bytes follow`);
  }

  private get left(): number {
    return this.body.length - this.at;
  }

  private length(what: string): number {
    return this.body.readUInt32LE(this.take(LENGTH_BYTES, `the length of ${what}`));
  }

  /** Passes over so many bytes and says where they begin. */
  private take(length: number, what: string): number {
    if (length > this.left)
      throw new Unreadable(`${this.subject}: ${what} has ${length} bytes, and ${this.left} came`);
    const start = this.at;
    this.at += length;
    return start;
  }
}
