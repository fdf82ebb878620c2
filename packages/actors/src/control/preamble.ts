/**
 * The preamble is what both sides of a connection send first: `BOWECHO` in ASCII, then one byte, the protocol version. It
 * stays as it is in all future versions, so that any two of them can at least say why they do not understand each other.
 *
 * Whatever else comes first is a stranger. Those that really come by (web browsers, TLS clients, port scanners) are told
 * apart, because "an HTTP request came to the control port" ends a search that "bad magic" only begins.
 */
import { assert } from '@bowecho/core';
import { PROTOCOL_VERSION } from './greeting.js';

const MAGIC = Buffer.from('BOWECHO', 'latin1');
const PREAMBLE_BYTES = MAGIC.length + 1;

/** What came first. */
export type Opening =
  | { readonly kind: 'bowecho'; readonly version: number; readonly rest: Buffer }
  /** A request or an answer. */
  | { readonly kind: 'http'; readonly shown: string }
  /** A TLS record: a client's hello or a server's alert. */
  | { readonly kind: 'tls'; readonly shown: string }
  | { readonly kind: 'other'; readonly shown: string };

/** What this version sends first. */
export function preamble(): Buffer {
  assert(PROTOCOL_VERSION > 0 && PROTOCOL_VERSION < 256, `version ${PROTOCOL_VERSION} does not fit a byte`);
  return Buffer.concat([MAGIC, Buffer.of(PROTOCOL_VERSION)]);
}

/** Collects the first eight bytes of a connection, in whatever pieces they come. */
export class PreambleReader {
  private bytes: Buffer = Buffer.alloc(0);

  /** How many bytes have come. */
  get length(): number {
    return this.bytes.length;
  }

  /** What this connection began with, once that can be said; undefined until then. */
  push(chunk: Buffer): Opening | undefined {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    return this.bytes.length < PREAMBLE_BYTES ? undefined : openingOf(this.bytes);
  }

  /** The first bytes for people. */
  get shown(): string {
    return shownStart(this.bytes);
  }
}

/** Whether a connection that begins so is TLS. */
export function isTls(bytes: Buffer): boolean {
  // Record types 20 to 23, then a version that has begun with 3 since SSL 3.0. One byte alone is enough to tell it from
  // everything that begins with text.
  return bytes[0]! >= 20 && bytes[0]! <= 23 && (bytes.length === 1 || bytes[1] === 3);
}

/** Whether a connection that begins so may be a member's without TLS. */
export function mayBeMember(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, MAGIC.length);
  return length > 0 && bytes.subarray(0, length).equals(MAGIC.subarray(0, length));
}

const HTTP = /^(HTTP\/|(GET|PUT|POST|HEAD|PATCH|TRACE|DELETE|OPTIONS|CONNECT|PRI) ?)/;

/** What a connection is that begins so. */
export function openingOf(bytes: Buffer): Opening {
  if (bytes.length >= PREAMBLE_BYTES && mayBeMember(bytes)) {
    return { kind: 'bowecho', version: bytes[MAGIC.length]!, rest: bytes.subarray(PREAMBLE_BYTES) };
  }
  const shown = shownStart(bytes);
  if (HTTP.test(bytes.toString('latin1', 0, PREAMBLE_BYTES))) return { kind: 'http', shown };
  return { kind: isTls(bytes) ? 'tls' : 'other', shown };
}

function shownStart(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, PREAMBLE_BYTES).replace(/[^\x20-\x7e]/g, '.'));
}
