/**
 * ControlTls is TLS as members speak it on the control channel: version 1.3 and nothing older, by a secret that all of them
 * share or by certificates of one authority (`SecureOptions`).
 *
 * The secret is a pre-shared key of TLS 1.3 with an ephemeral key exchange (psk_dhe_ke): who learns the secret later
 * cannot read what was recorded before. `pskCallback` of node:tls does that in Node 20.20 (OpenSSL 3.0), 24.21 and 26.10
 * (both OpenSSL 3.5), with the suites TLS_AES_128_GCM_SHA256 and TLS_CHACHA20_POLY1305_SHA256 alone: keys given this way
 * are bound to SHA-256, and with TLS_AES_256_GCM_SHA384 the handshake fails. A wrong key shows at the acceptor as
 * ERR_SSL_BINDER_DOES_NOT_VERIFY, and at the dialer as the alert illegal_parameter (Node 20) or decrypt_error (24, 26).
 * TLS 1.2 with ECDHE-PSK works too, and is not needed.
 *
 * With a pre-shared key a handshake looks resumed (`isSessionReused`). That is what tells it from one that a certificate
 * has won, so it is asked for explicitly. Real resumption would let somebody in whom nobody has checked: in Node 20.20 the
 * server calls a resumed session `authorized` though no certificate was ever shown (24.21 does not). So there are no
 * tickets that are good for anything, and where certificates are used a resumed session is refused all the same.
 */
import { BowechoError } from '@bowecho/core';
import { constants, scrypt } from 'node:crypto';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Address } from './address.js';
import type { SecureOptions } from './security.js';

/** TLS as one member speaks it. */
export interface ControlTls {
  readonly kind: 'secret' | 'certificates';
  dial(address: Address): TLSSocket;
  /** A server that does not listen: it is given connections by `emit('connection', socket)`. */
  createServer(): Server;
  /** Why the one who dialed is not let in, though the handshake is done; undefined where it is. */
  problemOfDialer(socket: TLSSocket): string | undefined;
  /** Why the one who was dialed is not believed, though the handshake is done. */
  problemOfAcceptor(socket: TLSSocket): string | undefined;
}

/** Names the key, and what it is derived by; it is sent in the clear. */
const PSK_IDENTITY = 'bowecho-control-1';
const PSK_SUITES = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256';

const COMMON: SecureContextOptions = Object.freeze({
  minVersion: 'TLSv1.3',
  secureOptions: constants.SSL_OP_NO_TICKET,
});

/**
 * Makes ready what a kind of security needs; undefined where there is no TLS.
 *
 * @throws BowechoError `CONFIG_INVALID` if the certificates cannot be used
 */
export async function prepareTls(security: SecureOptions): Promise<ControlTls | undefined> {
  if (security.kind === 'none') return undefined;
  if (security.kind === 'secret') return new SecretTls(await keyOf(security.secret));
  const { cert, key, ca } = security;
  try {
    return new CertificateTls({ ...COMMON, cert, key, ca });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BowechoError(
      'CONFIG_INVALID',
      `the certificate, its key or the authority of the control channel cannot be used: ${reason}; ` +
        'all three must be PEM, and the key must be that of the certificate',
      { cause },
    );
  }
}

/** Deriving a key is made slow on purpose, so each secret is derived once in a process. */
const keys = new Map<string, Promise<Buffer>>();
const SALT = 'bowecho control channel, key 1';
/** N, r and p of scrypt: 32 MiB and about a tenth of a second per guess. The limit must lie above what they need. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

function keyOf(secret: string): Promise<Buffer> {
  let key = keys.get(secret);
  if (key === undefined) {
    key = new Promise((resolve, reject) => {
      scrypt(secret, SALT, 32, SCRYPT, (error, derived) =>
        error === null ? resolve(derived) : reject(error),
      );
    });
    keys.set(secret, key);
  }
  return key;
}

class SecretTls implements ControlTls {
  readonly kind = 'secret';
  /** No authority is trusted: a certificate, whoever signed it, does not replace the secret. */
  private readonly options: SecureContextOptions = { ...COMMON, ciphers: PSK_SUITES, ca: [] };
  private readonly context = createSecureContext(this.options);

  constructor(private readonly key: Buffer) {}

  dial({ host, port }: Address): TLSSocket {
    return connect({
      host,
      port,
      secureContext: this.context,
      pskCallback: () => ({ psk: this.key, identity: PSK_IDENTITY }),
      // Names are in certificates, and here is none.
      checkServerIdentity: () => undefined,
    });
  }

  createServer(): Server {
    return createServer({
      ...this.options,
      pskCallback: (_socket, identity) => (identity === PSK_IDENTITY ? this.key : null),
    });
  }

  problemOfDialer(socket: TLSSocket): string | undefined {
    return socket.isSessionReused()
      ? undefined
      : "the dialer did not show that it knows this cluster's secret";
  }

  problemOfAcceptor(socket: TLSSocket): string | undefined {
    return socket.isSessionReused() ? undefined : "it did not show that it knows this cluster's secret";
  }
}

class CertificateTls implements ControlTls {
  readonly kind = 'certificates';
  private readonly context: SecureContext;

  constructor(private readonly options: SecureContextOptions) {
    this.context = createSecureContext(options);
  }

  dial({ host, port }: Address): TLSSocket {
    return connect({ host, port, secureContext: this.context, checkServerIdentity: checkName });
  }

  /** Who has no good certificate is let in by TLS and turned away by `problemOfDialer`: so it can be told why. */
  createServer(): Server {
    return createServer({ ...this.options, requestCert: true, rejectUnauthorized: false });
  }

  problemOfDialer(socket: TLSSocket): string | undefined {
    if (socket.isSessionReused()) return 'the dialer resumed a TLS session, and showed no certificate';
    // node:tls gives undefined or an empty object where there is no certificate, whatever its types say.
    const certificate = socket.getPeerCertificate() as PeerCertificate | Record<string, never> | undefined;
    if (certificate?.subject === undefined) return 'the dialer has no certificate';
    if (socket.authorized) return undefined;
    return `the dialer's certificate is not trusted: ${String(socket.authorizationError)}`;
  }

  problemOfAcceptor(_socket: TLSSocket): string | undefined {
    return undefined; // node:tls has verified its certificate and name, and ends the connection by itself
  }
}

/**
 * The name in a certificate must be the host that was dialed. Many certificates list names alone; where such a member is
 * dialed by its IP address, the signature of the cluster's own authority must do.
 */
export function checkName(host: string, certificate: PeerCertificate): Error | undefined {
  const listsAddresses = certificate.subjectaltname?.includes('IP Address:') === true;
  if (isIP(host) !== 0 && !listsAddresses) return undefined;
  return checkServerIdentity(host, certificate);
}
