/** Reading layouts that came from the network: every field is checked before it is believed, and a refusal says what is wrong. */
import { BowechoError } from '@bowecho/core';

export interface Layout {
  /** The first byte. */
  readonly kind: number;
  /** The second byte. */
  readonly version: number;
  /** The whole length, or, where the layout has a tail of any length, the least. */
  readonly bytes: number;
  readonly hasTail?: boolean;
}

/**
 * A view of `bytes`, if they have that layout.
 *
 * @param what names them in the sentence: 'address', 'region key'
 * @throws BowechoError PEER_UNREACHABLE
 */
export function openLayout(bytes: Uint8Array, what: string, layout: Layout): DataView {
  if (bytes.length < 2 || bytes[0] !== layout.kind) {
    unreadable(what, `${bytes.length} bytes that are none; do both members use the same fabric?`);
  }
  if (bytes[1] !== layout.version) {
    unreadable(
      what,
      `its format has version ${bytes[1]}, and this one is ${layout.version}; use one version of @bowecho/rdma`,
    );
  }
  const fits = layout.hasTail === true ? bytes.length >= layout.bytes : bytes.length === layout.bytes;
  if (!fits) unreadable(what, `it has ${bytes.length} bytes and not ${layout.bytes}`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws BowechoError PEER_UNREACHABLE */
export function readWithin(
  view: DataView,
  at: number,
  what: string,
  field: string,
  least: number,
  most: number,
): number {
  const value = view.getUint32(at, true);
  if (value < least || value > most)
    unreadable(what, `its ${field} ${value} is not within ${least} and ${most}`);
  return value;
}

export function unreadable(what: string, why: string): never {
  throw new BowechoError('PEER_UNREACHABLE', `the ${what} of a peer cannot be read: ${why}`);
}
