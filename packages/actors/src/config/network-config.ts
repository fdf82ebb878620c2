/**
 * The part of the configuration that says where members are and how they trust each other: `listen`, `advertise`,
 * `seeds`, `secret`, `tls`, `insecure`. Members of one process have names for addresses; all others have `host:port`, and
 * beyond the loopback interface they must know each other by a secret or by certificates.
 */
import type { SecureOptions } from '../control/security.js';
import { isLoopback, parseAddress } from '../control/address.js';
import type { ClusterConfig } from './cluster-config.js';
import { describeValue } from './describe-value.js';
import { unknownKeyProblems } from './known-keys.js';
import { LIMITS } from './limits.js';

/** Certificates for mutual TLS, each as PEM text. */
export interface TlsConfig {
  /** This member's certificate, good as a server and as a client, for the host names that others dial. */
  readonly cert: string | Buffer;
  /** Its private key. */
  readonly key: string | Buffer;
  /** The authority that signed the certificates of all members. */
  readonly ca: string | Buffer;
}

/** Everything that is wrong with where members are. */
export function addressProblems(config: ClusterConfig, isOneProcess: boolean): string[] {
  const listen: unknown = listenOf(config, isOneProcess);
  const rule = isOneProcess ? NAME_RULE : HOST_RULE;
  const isAddress = isOneProcess ? isText : isHostAndPort;
  const problems: string[] = [];
  if (listen === undefined) problems.push(`listen is missing: it must be ${rule}`);
  else if ((config.listen !== undefined || !isOneProcess) && !isAddress(listen))
    problems.push(`listen must be ${rule}, but is ${describeValue(listen)}`);
  const seeds: unknown = config.seeds;
  const { min, max } = LIMITS.seeds;
  if (!Array.isArray(seeds) || seeds.length < min || seeds.length > max) {
    const given = Array.isArray(seeds) ? `has ${seeds.length}` : `is ${describeValue(seeds)}`;
    return [...problems, `seeds must be a list of ${min} to ${max} addresses, but ${given}`];
  }
  seeds.forEach((seed: unknown, index) => {
    if (!isAddress(seed)) problems.push(`seeds[${index}] must be ${rule}, but is ${describeValue(seed)}`);
    const first = seeds.indexOf(seed);
    if (first < index) problems.push(`seeds[${index}] repeats seeds[${first}], ${describeValue(seed)}`);
  });
  const advertise: unknown = config.advertise;
  if (advertise !== undefined && !seeds.includes(advertise)) {
    problems.push(
      `advertise must be one of the seeds ${seeds.join(', ')}, but is ${describeValue(advertise)}`,
    );
  }
  if (config.fabric === 'in-process' && isAddress(listen) && !seeds.includes(listen)) {
    const source = config.listen === undefined ? 'listen (by default the id)' : 'listen';
    problems.push(
      `${source} is ${describeValue(listen)}, which is not among the seeds ${seeds.map(String).join(', ')}: ${FOUNDERS_ONLY}`,
    );
  }
  return problems;
}

const FOUNDERS_ONLY = 'in this version every member is a founder; joining a running group comes later';
const NAME_RULE = `an address of ${LIMITS.address.min} to ${LIMITS.address.max} characters without spaces`;
const HOST_RULE = 'an address like n1.example:7400, 10.0.0.1:7400 or [::1]:7400';

function isText(value: unknown): value is string {
  const { min, max } = LIMITS.address;
  return typeof value === 'string' && value.length >= min && value.length <= max && !/\s/.test(value);
}

function isHostAndPort(value: unknown): value is string {
  return isText(value) && parseAddress(value) !== undefined;
}

/** Where this member listens; undefined if nothing says it. */
export function listenOf({ id, listen }: ClusterConfig, isOneProcess: boolean): string | undefined {
  return listen ?? (isOneProcess ? id : undefined);
}

/** Everything that is wrong with how members trust each other. Never shows the secret. */
export function securityProblems(config: ClusterConfig): string[] {
  const secret: unknown = config.secret;
  const tls: unknown = config.tls;
  const insecure: unknown = config.insecure;
  const problems: string[] = [];
  const { min, max } = LIMITS.secret;
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < min || secret.length > max)) {
    const given = typeof secret === 'string' ? `has ${secret.length}` : `is ${describeValue(secret)}`;
    problems.push(`secret must be a text of ${min} to ${max} characters, but ${given}`);
  }
  if (tls !== undefined) problems.push(...tlsProblems(tls));
  if (insecure !== undefined && typeof insecure !== 'boolean')
    problems.push(`insecure must be true or false, but is ${describeValue(insecure)}`);
  const given = [
    secret !== undefined && 'secret',
    tls !== undefined && 'tls',
    insecure === true && 'insecure',
  ];
  const names = given.filter(name => name !== false);
  if (names.length > 1) problems.push(`${names.join(' and ')} exclude each other: give one of them`);
  if (names.length === 0) {
    const seeds: unknown = config.seeds;
    const addresses: unknown[] = [config.listen, ...(Array.isArray(seeds) ? (seeds as unknown[]) : [])];
    const exposed = addresses.find(isExposed);
    if (exposed !== undefined)
      problems.push(
        `${exposed} is beyond this machine's loopback interface: give all members the same secret (or tls with certificates), ` +
          'or insecure: true if nobody else can reach that network',
      );
  }
  return problems;
}

function isExposed(address: unknown): address is string {
  const parsed = typeof address === 'string' ? parseAddress(address) : undefined;
  return parsed !== undefined && !isLoopback(parsed.host);
}

function tlsProblems(tls: unknown): string[] {
  if (typeof tls !== 'object' || tls === null)
    return [`tls must be { cert, key, ca }, but is ${describeValue(tls)}`];
  const parts = ['cert', 'key', 'ca'] as const;
  const problems = unknownKeyProblems(tls, parts, 'tls');
  for (const part of parts) {
    const value: unknown = Reflect.get(tls, part);
    const text = typeof value === 'string' || Buffer.isBuffer(value) ? value.toString() : '';
    if (!text.includes('-----BEGIN ')) {
      const what = text === '' ? describeValue(value) : 'something else';
      problems.push(`tls.${part} must be PEM text ("-----BEGIN ..."), but is ${what}`);
    }
  }
  return problems;
}

/** How members trust each other, of a configuration without problems. */
export function securityOf({ secret, tls }: ClusterConfig): SecureOptions {
  if (secret !== undefined) return { kind: 'secret', secret };
  if (tls !== undefined) return { kind: 'certificates', ...tls };
  return { kind: 'none' };
}
