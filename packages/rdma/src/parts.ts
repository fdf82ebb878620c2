/**
 * An address, or a key, has one part for each transport of its fabric, so that peers find the one that both have:
 *
 *     'B' version | count u8 | count x { transport u8 | length u16 | bytes }
 *
 * What the bytes of a part mean is the transport's own matter.
 */
import { openLayout, unreadable } from './layout.js';

const KIND = 66;
/** Raised whenever the layout changes. */
const VERSION = 1;
const HEAD_BYTES = 3;
const PART_HEAD_BYTES = 3;

/** The number of a transport in parts, and its bytes. */
export type Parts = ReadonlyMap<number, Uint8Array>;

export function encodeParts(parts: Parts): Uint8Array {
  const tail = [...parts].flatMap(([transport, bytes]) => [
    transport,
    bytes.length & 0xff,
    bytes.length >> 8,
    ...bytes,
  ]);
  return Uint8Array.from([KIND, VERSION, parts.size, ...tail]);
}

/** @throws BowechoError PEER_UNREACHABLE where the bytes are no parts of this version */
export function decodeParts(bytes: Uint8Array, what: string): Parts {
  const view = openLayout(bytes, what, {
    kind: KIND,
    version: VERSION,
    bytes: HEAD_BYTES,
    hasTail: true,
  });
  const count = view.getUint8(2);
  const parts = new Map<number, Uint8Array>();
  let at = HEAD_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + PART_HEAD_BYTES > bytes.length) unreadable(what, `it ends within part ${i + 1} of ${count}`);
    const transport = view.getUint8(at);
    const end = at + PART_HEAD_BYTES + view.getUint16(at + 1, true);
    if (end > bytes.length) unreadable(what, `it ends within part ${i + 1} of ${count}`);
    if (parts.has(transport)) unreadable(what, `it has two parts of kind ${transport}`);
    parts.set(transport, bytes.slice(at + PART_HEAD_BYTES, end));
    at = end;
  }
  if (at !== bytes.length) unreadable(what, `${bytes.length - at} bytes follow its ${count} parts`);
  return parts;
}
