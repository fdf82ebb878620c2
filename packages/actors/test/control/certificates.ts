/**
 * Certificates for tests, made by node:crypto when they are needed: no tool has to be there, and no private key lies in the
 * repository. Only as much of X.509 as these tests need: P-256 keys, a common name, one list of alternative names.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([Buffer.of(tag, 0x82), length, body]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);
/** By the bytes after the tag and the length. */
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const time = (text: string): Buffer => der(0x17, Buffer.from(text, 'latin1'));

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const BASIC_CONSTRAINTS = oid('551d13');
const ALTERNATIVE_NAMES = oid('551d11');

const nameOf = (text: string): Buffer =>
  sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text, 'utf8')))));

/** `DNS:n1` or `IP:127.0.0.1`. */
function alternativeName(text: string): Buffer {
  if (text.startsWith('DNS:')) return der(0x82, Buffer.from(text.slice(4), 'latin1'));
  return der(0x87, Buffer.from(text.slice(3).split('.').map(Number)));
}

function pem(body: Buffer): string {
  // An empty line before the end, as after a last line that is full, is one that OpenSSL does not take.
  const lines = body.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const pemOfKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** One authority, and what it signs. */
export class Authority {
  private readonly keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** Its own certificate, PEM. */
  readonly ca: string;

  constructor(private readonly name: string) {
    const isAuthority = sequence(der(0x01, Buffer.of(0xff)));
    const extension = sequence(BASIC_CONSTRAINTS, der(0x01, Buffer.of(0xff)), der(0x04, isAuthority));
    this.ca = this.certify(name, this.keys.publicKey, extension, '491231235959Z');
  }

  /** A member's certificate and key, PEM, with this authority. */
  issue(
    names: readonly string[],
    ends = '491231235959Z',
  ): { kind: 'certificates'; cert: string; key: string; ca: string } {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const extension = sequence(ALTERNATIVE_NAMES, der(0x04, sequence(...names.map(alternativeName))));
    const cert = this.certify('member', publicKey, extension, ends);
    return { kind: 'certificates', cert, key: pemOfKey(privateKey), ca: this.ca };
  }

  private certify(subject: string, key: KeyObject, extension: Buffer, ends: string): string {
    const serial = Buffer.concat([Buffer.of(1), randomBytes(8)]);
    const content = sequence(
      der(0xa0, der(0x02, Buffer.of(2))),
      der(0x02, serial),
      ECDSA_WITH_SHA256,
      nameOf(this.name),
      sequence(time('200101000000Z'), time(ends)),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(extension)),
    );
    return pem(sequence(content, ECDSA_WITH_SHA256, bits(sign('sha256', content, this.keys.privateKey))));
  }
}
