/** Looks into the libfabric parts of addresses and keys, and makes others of them. */
import {
  decodeAddress,
  decodeKey,
  encodeAddress,
  encodeKey,
  type Address,
  type Key,
} from '../../src/libfabric/address.js';
import { decodeParts, encodeParts } from '../../src/parts.js';

/** The number of libfabric in parts. */
export const LIBFABRIC = 2;

const partOf = (whole: Uint8Array, what: string): Uint8Array => decodeParts(whole, what).get(LIBFABRIC)!;
const withPart = (whole: Uint8Array, what: string, part: Uint8Array): Uint8Array =>
  encodeParts(new Map([...decodeParts(whole, what), [LIBFABRIC, part]]));

export const addressOf = (whole: Uint8Array): Address => decodeAddress(partOf(whole, 'address'));
export const keyOf = (whole: Uint8Array): Key => decodeKey(partOf(whole, 'region key'));

export function changeAddress(whole: Uint8Array, change: Partial<Address>): Uint8Array {
  return withPart(whole, 'address', encodeAddress({ ...addressOf(whole), ...change }));
}

export function changeKey(whole: Uint8Array, change: Partial<Key>): Uint8Array {
  return withPart(whole, 'region key', encodeKey({ ...keyOf(whole), ...change }));
}

/** The TCP port of a fabric's endpoint; its address begins with family and port, as sockaddr_in and sockaddr_in6 do. */
export function portOf(whole: Uint8Array): number {
  return Buffer.from(addressOf(whole).endpoint).readUInt16BE(2);
}

/** The same endpoint as reached by another port, such as a proxy's. */
export function withPort(whole: Uint8Array, port: number): Uint8Array {
  const endpoint = addressOf(whole).endpoint.slice();
  new DataView(endpoint.buffer).setUint16(2, port, false);
  return changeAddress(whole, { endpoint });
}
