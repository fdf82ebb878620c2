/**
 * What went wrong with a connection, in words for the people who run the cluster. Errors of sockets and of OpenSSL are terse, and
 * say what broke rather than what to mend; the code stays in the sentence, for a search.
 */
import type { ControlTls } from './control-tls.js';

/** The parts of errors of node:net and node:tls that are read here. */
interface SocketError extends Error {
  readonly code?: string;
  /** OpenSSL's words. */
  readonly reason?: string;
  /** One per address, where a name has several. */
  readonly errors?: readonly SocketError[];
}

const SYSTEM: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the name cannot be resolved',
  EAI_AGAIN: 'the name cannot be resolved at the moment',
  EHOSTUNREACH: 'no way leads to that machine',
  ENETUNREACH: 'no way leads to that network',
  EADDRNOTAVAIL: 'this machine has no address to dial it from',
  ETIMEDOUT: 'that machine does not answer',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it closed the connection',
};

/** The code of an error, also of one that collects an error per address. */
export function codeOf(error: Error): string {
  const { code, errors } = error as SocketError;
  return code ?? errors?.[0]?.code ?? error.name;
}

/** An error of a TCP connection in words. */
export function describeSocketError(error: Error): string {
  const code = codeOf(error);
  const words = Object.hasOwn(SYSTEM, code) ? SYSTEM[code]! : `the connection failed: ${error.message}`;
  return `${words} (${code})`;
}

/** Alerts by which an acceptor answers a key that is not its own; which one differs between versions of OpenSSL. */
const WRONG_KEY = /ALERT_(ILLEGAL_PARAMETER|DECRYPT_ERROR|BAD_RECORD_MAC|UNKNOWN_PSK_IDENTITY)$/;
/** What a dialer's TLS says of an answer that is none of TLS. */
const NO_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE)$/;

/** Names of OpenSSL's verification, such as CERT_HAS_EXPIRED: they have parts, and no prefix as other errors have. */
function isOfCertificate(code: string): boolean {
  return code.includes('_') && !code.startsWith('ERR_');
}

/** Why a TLS handshake that this member began did not succeed. */
export function describeTlsProblem(error: Error, kind: ControlTls['kind']): string {
  const code = codeOf(error);
  if (code === 'ECONNRESET') return `it broke off the TLS handshake (${code})`;
  if (Object.hasOwn(SYSTEM, code)) return describeSocketError(error);
  if (NO_TLS.test(code)) {
    return `it speaks no TLS, and this member does (${code}): all members must use the same secret, or certificates`;
  }
  const reason = (error as SocketError).reason ?? error.message;
  return kind === 'secret' ? describeSecret(code, reason) : describeCertificate(code, reason);
}

function describeSecret(code: string, reason: string): string {
  if (WRONG_KEY.test(code)) return `it does not know this cluster's secret (${code})`;
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE')) {
    return `it speaks TLS and has no secret as this member has (${code}): all members must use the same`;
  }
  // The only certificate that can come in this mode is one that nobody asked for.
  if (isOfCertificate(code)) {
    return `it shows a certificate, and this member has a secret (${code}): all members must use the same`;
  }
  return describeOther(code, reason);
}

function describeCertificate(code: string, reason: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is not for the host that was dialed: ${reason} (${code})`;
  }
  if (isOfCertificate(code)) return `its certificate is not trusted: ${reason} (${code})`;
  if (code.endsWith('ALERT_HANDSHAKE_FAILURE')) {
    return `it speaks TLS without certificates, perhaps with a secret (${code}): all members must use the same`;
  }
  return describeOther(code, reason);
}

function describeOther(code: string, reason: string): string {
  return `the TLS handshake failed: ${reason} (${code})`;
}

/** Why a TLS handshake that somebody began with this member did not succeed: a name for the kind, and words about him. */
export function describeDialersTls(error: Error, kind: ControlTls['kind']): { kind: string; words: string } {
  const code = codeOf(error);
  if (code === 'ERR_SSL_BINDER_DOES_NOT_VERIFY') {
    return { kind: 'secret', words: `does not know this cluster's secret (${code})` };
  }
  if (kind === 'secret' && /^ERR_SSL_NO_(SUITABLE_SIGNATURE_ALGORITHM|SHARED_CIPHER)$/.test(code)) {
    return {
      kind: 'secret',
      words: `speaks TLS and offers no secret, and this member asks for one (${code})`,
    };
  }
  const reason = (error as SocketError).reason ?? error.message;
  return { kind: code, words: `did not finish the TLS handshake: ${reason} (${code})` };
}
