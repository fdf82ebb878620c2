/**
 * The shared-memory parts of addresses and keys: fixed layouts, little-endian, so that both ends agree to the byte.
 *
 *     address   'A' version | boot hash 16 | pid namespace u64 | pid u32 | page fd u32 | pipe fd u32 | pipe inode u64 | nonce 16
 *     key       'K' version | fd u32 | bytes u32 | nonce 16
 *
 * They come from the network, so nothing of them is believed: length, kind, version and ranges are checked here, and what
 * the numbers mean by the process that opens them (the nonces).
 */
import { openLayout, readWithin } from '../layout.js';
import { MOST_REGION_BYTES } from '../memory-region.js';
import { BOOT_HASH_BYTES } from './host-identity.js';

/** Raised whenever a layout changes, here or in native/shared-memory.cc. */
const VERSION = 1;
const KIND_ADDRESS = 65;
const KIND_KEY = 75;

const NONCE_BYTES = 16;
const ADDRESS_BYTES = 2 + BOOT_HASH_BYTES + 8 + 4 + 4 + 4 + 8 + NONCE_BYTES;
const KEY_BYTES = 2 + 4 + 4 + NONCE_BYTES;

/** The kernel gives no higher pids, and far fewer descriptors. */
const MOST_PID = 2 ** 22;
const MOST_FD = 2 ** 30;

export interface Address {
  readonly boot: Uint8Array;
  readonly pidNamespace: bigint;
  readonly pid: number;
  /** The doorbell's page. */
  readonly fd: number;
  readonly pipeFd: number;
  readonly pipeInode: bigint;
  readonly nonce: Uint8Array;
}

export interface Key {
  readonly fd: number;
  readonly bytes: number;
  readonly nonce: Uint8Array;
}

export function encodeAddress(address: Address): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([KIND_ADDRESS, VERSION]);
  bytes.set(address.boot, 2);
  view.setBigUint64(18, address.pidNamespace, true);
  view.setUint32(26, address.pid, true);
  view.setUint32(30, address.fd, true);
  view.setUint32(34, address.pipeFd, true);
  view.setBigUint64(38, address.pipeInode, true);
  bytes.set(address.nonce, 46);
  return bytes;
}

/** @throws BowechoError PEER_UNREACHABLE where the bytes are no address of this version. */
export function decodeAddress(bytes: Uint8Array): Address {
  const view = openLayout(bytes, 'address', { kind: KIND_ADDRESS, version: VERSION, bytes: ADDRESS_BYTES });
  return {
    boot: bytes.slice(2, 18),
    pidNamespace: view.getBigUint64(18, true),
    pid: readWithin(view, 26, 'address', 'pid', 1, MOST_PID),
    fd: readWithin(view, 30, 'address', 'descriptor', 0, MOST_FD),
    pipeFd: readWithin(view, 34, 'address', 'descriptor', 0, MOST_FD),
    pipeInode: view.getBigUint64(38, true),
    nonce: bytes.slice(46, 46 + NONCE_BYTES),
  };
}

export function encodeKey(key: Key): Uint8Array {
  const bytes = new Uint8Array(KEY_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set([KIND_KEY, VERSION]);
  view.setUint32(2, key.fd, true);
  view.setUint32(6, key.bytes, true);
  bytes.set(key.nonce, 10);
  return bytes;
}

/** @throws BowechoError PEER_UNREACHABLE where the bytes are no key of this version. */
export function decodeKey(bytes: Uint8Array): Key {
  const view = openLayout(bytes, 'region key', { kind: KIND_KEY, version: VERSION, bytes: KEY_BYTES });
  return {
    fd: readWithin(view, 2, 'region key', 'descriptor', 0, MOST_FD),
    bytes: readWithin(view, 6, 'region key', 'size', 0, MOST_REGION_BYTES),
    nonce: bytes.slice(10, 10 + NONCE_BYTES),
  };
}
