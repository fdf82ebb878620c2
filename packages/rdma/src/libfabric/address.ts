/**
 * The libfabric parts of addresses and keys, little-endian:
 *
 *     address   'F' version | nonce 16 | length u8, provider (ASCII) | the endpoint's own address
 *     key       'M' version | nonce 16 | bytes u32 | key u64 | base u64
 *
 * The nonce is that of the endpoint. It ties a key to its address: a key for another process' memory would be answered by a
 * broken connection, long after. Its first four bytes are the tag that goes with every push.
 */
import { openLayout, readWithin, unreadable } from '../layout.js';
import { MOST_REGION_BYTES } from '../memory-region.js';
import type { NativeRemoteMemory } from '../native.js';

/** Raised whenever a layout changes, or what remote completion data means. */
const VERSION = 1;
const KIND_ADDRESS = 70;
const KIND_KEY = 77;

export const NONCE_BYTES = 16;
const HEAD_BYTES = 2 + NONCE_BYTES + 1;
const KEY_BYTES = 2 + NONCE_BYTES + 4 + 8 + 8;
/** No address format of libfabric is longer. */
const LONGEST_ENDPOINT = 256;

export interface Address {
  readonly nonce: Uint8Array;
  /** As libfabric spells it. */
  readonly provider: string;
  readonly endpoint: Uint8Array;
}

export interface Key extends NativeRemoteMemory {
  readonly nonce: Uint8Array;
}

/** 32 bits of a nonce. */
export function tagOf(nonce: Uint8Array): number {
  return new DataView(nonce.buffer, nonce.byteOffset, nonce.byteLength).getUint32(0, true);
}

export function encodeAddress({ nonce, provider, endpoint }: Address): Uint8Array {
  const name = Buffer.from(provider, 'latin1');
  return Uint8Array.from([KIND_ADDRESS, VERSION, ...nonce, name.length, ...name, ...endpoint]);
}

/** @throws BowechoError PEER_UNREACHABLE where the bytes are no address of this version */
export function decodeAddress(bytes: Uint8Array): Address {
  const view = openLayout(bytes, 'libfabric address', {
    kind: KIND_ADDRESS,
    version: VERSION,
    bytes: HEAD_BYTES,
    hasTail: true,
  });
  const nameEnd = HEAD_BYTES + view.getUint8(HEAD_BYTES - 1);
  const endpoint = bytes.slice(nameEnd);
  if (endpoint.length === 0 || endpoint.length > LONGEST_ENDPOINT) {
    unreadable('libfabric address', `${bytes.length} bytes leave ${endpoint.length} for the endpoint`);
  }
  return {
    nonce: bytes.slice(2, 2 + NONCE_BYTES),
    provider: Buffer.from(bytes.slice(HEAD_BYTES, nameEnd)).toString('latin1'),
    endpoint,
  };
}

export function encodeKey({ nonce, bytes, key, base }: Key): Uint8Array {
  const layout = new Uint8Array(KEY_BYTES);
  const view = new DataView(layout.buffer);
  layout.set([KIND_KEY, VERSION, ...nonce]);
  view.setUint32(18, bytes, true);
  view.setBigUint64(22, key, true);
  view.setBigUint64(30, base, true);
  return layout;
}

/** @throws BowechoError PEER_UNREACHABLE where the bytes are no key of this version */
export function decodeKey(bytes: Uint8Array): Key {
  const what = 'libfabric region key';
  const view = openLayout(bytes, what, { kind: KIND_KEY, version: VERSION, bytes: KEY_BYTES });
  return {
    nonce: bytes.slice(2, 2 + NONCE_BYTES),
    bytes: readWithin(view, 18, what, 'size', 0, MOST_REGION_BYTES),
    key: view.getBigUint64(22, true),
    base: view.getBigUint64(30, true),
  };
}
