/**
 * ClusterConfig is what a program says to `createCluster`; `resolveConfig` turns it into what the host works with, or
 * into one error that lists every problem with the offending value and what is allowed.
 *
 * It is pure: it opens nothing and asks nothing of the network, so a configuration can be checked in a test. Nothing
 * behind it checks the same value again.
 */
import { BowechoError, problemsError } from '@bowecho/core';
import { pino } from 'pino';
import type { SecureOptions } from '../control/security.js';
import type { Log } from '../ctx.js';
import type { ActorClass } from '../definition/actor-class.js';
import { definitionOf } from '../definition/actor-definition.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import { describeValue } from './describe-value.js';
import { unknownKeyProblems } from './known-keys.js';
import { withEnvironment, type Environment } from './environment.js';
import { fabricNameProblem, type FabricName } from './fabric-names.js';
import { addressProblems, listenOf, securityOf, securityProblems, type TlsConfig } from './network-config.js';
import { DEFAULTS, isIntegerWithin, isName, LIMITS, NAME_RULE } from './limits.js';
import type { Range } from './limits.js';

/** What `createCluster` is told. The first five may come from the environment instead: see environment.ts. */
export interface ClusterConfig {
  /** Names this member: 1 to 64 of `A-Z a-z 0-9 . _ -`, unique in the cluster, the same after a restart. */
  readonly id?: string;
  /** Where this member listens: `host:port`; for `in-process` any name, by default the `id`. */
  readonly listen?: string;
  /** Which seed is this member, where it cannot reach itself by that address. Default: it finds out. */
  readonly advertise?: string;
  /** Addresses of all founders, the same list at each of them. */
  readonly seeds?: readonly string[];
  /** What carries the bytes. Default `auto`. */
  readonly fabric?: FabricName;
  /** Known to all members and to nobody else; encrypts and authenticates what they say to each other. */
  readonly secret?: string;
  /** Certificates, instead of a secret. */
  readonly tls?: TlsConfig;
  /** Whether members may trust a network beyond loopback without either. Default false. */
  readonly insecure?: boolean;
  /** The actor classes: decorated ones and those of `defineActor`. */
  readonly actors: readonly ActorClass[];
  /** A pino logger or anything with its five levels; `false` for silence. Default: pino to standard output. */
  readonly log?: Log | false;
  /** Size of each sender's ring: a power of two, in bytes. Default 4 MiB. A message above a quarter of it is refused. */
  readonly ringBytes?: number;
  /** Bytes that may wait to be sent, beyond which calls fail as `OVERLOADED`. Default 16 MiB. */
  readonly queueBytes?: number;
  /** How long to wait for all founders, in milliseconds. Default 30,000. */
  readonly bootstrapTimeout?: number;
  /** How long a call may take, in milliseconds. Default 10,000. */
  readonly callTimeout?: number;
  /**
   * A member of which nothing is heard for so long is taken for lost, in milliseconds. Default 2,000. The same at all
   * members.
   */
  readonly suspicionTimeout?: number;
  /**
   * Whether handlers fail where they use what differs between replicas, such as `Date.now()`; the same at all members. Default:
   * unless `NODE_ENV` is `production`.
   */
  readonly determinismGuard?: boolean;
  /**
   * Whether queries are answered without asking anybody as long as this member holds a lease. False for machines whose monotonic
   * clock may stand still, as that of a guest may which is suspended: each query then asks all members whether the view still runs.
   * Default true.
   */
  readonly leases?: boolean;
  /** Whether SIGTERM and SIGINT have this member leave before the process ends. Default true. */
  readonly leaveOnSignal?: boolean;
}

/** A configuration without gaps. */
export interface ResolvedConfig {
  readonly id: string;
  readonly listen: string;
  /** Which seed is this member, if that is known beforehand. */
  readonly mySeed: string | undefined;
  readonly seeds: readonly string[];
  readonly fabric: FabricName;
  readonly security: SecureOptions;
  /** In the order of their names, the same at every member. */
  readonly actors: readonly ActorDefinition[];
  readonly log: Log;
  readonly ringBytes: number;
  readonly queueBytes: number;
  readonly bootstrapTimeout: number;
  readonly callTimeout: number;
  readonly suspicionTimeout: number;
  readonly determinismGuard: boolean;
  readonly leases: boolean;
  readonly leaveOnSignal: boolean;
}

const OPTIONS = [
  'id',
  'listen',
  'advertise',
  'seeds',
  'fabric',
  'secret',
  'tls',
  'insecure',
  'actors',
  'log',
  'ringBytes',
  'queueBytes',
  'bootstrapTimeout',
  'callTimeout',
  'suspicionTimeout',
  'determinismGuard',
  'leases',
  'leaveOnSignal',
];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/**
 * Checks a configuration and fills in what the environment says, then the defaults.
 *
 * @throws BowechoError `CONFIG_INVALID` with every problem
 * @example
 * resolveConfig({ actors: [Counter] }, process.env);
 */
export function resolveConfig(given: ClusterConfig, environment: Environment = {}): ResolvedConfig {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw problemsError('CONFIG_INVALID', 'the cluster configuration', [
      `it must be an object like { id, listen, seeds, actors }, but is ${describeValue(given)}`,
    ]);
  }
  const config = withEnvironment(given, environment);
  const fabric = config.fabric ?? 'auto';
  const fabricProblem = fabricNameProblem(given.fabric === undefined ? 'BOWECHO_FABRIC' : 'fabric', fabric);
  // Of a fabric without a name that is known, only what holds for all of them is asked.
  const isOneProcess = fabric === 'in-process' || fabricProblem !== undefined;
  const problems = unknownKeyProblems(config, OPTIONS, 'the configuration');
  const { id, seeds } = config;
  if (id === undefined && seeds === undefined) problems.push(NOBODY);
  else {
    if (!isName(id)) problems.push(`id must be ${NAME_RULE}, but is ${describeValue(id)}`);
    problems.push(...addressProblems(config, isOneProcess));
  }
  if (fabricProblem !== undefined) problems.push(fabricProblem);
  if (!isOneProcess) problems.push(...securityProblems(config));
  const actors = readActors(config.actors, problems);
  problems.push(...logProblems(config.log));
  problems.push(...ringProblems(config.ringBytes));
  problems.push(...integerProblems('queueBytes', config.queueBytes, LIMITS.queueBytes, 'bytes'));
  problems.push(
    ...integerProblems('bootstrapTimeout', config.bootstrapTimeout, LIMITS.bootstrapTimeout, 'ms'),
  );
  problems.push(...integerProblems('callTimeout', config.callTimeout, LIMITS.callTimeout, 'ms'));
  problems.push(
    ...integerProblems('suspicionTimeout', config.suspicionTimeout, LIMITS.suspicionTimeout, 'ms'),
  );
  problems.push(...flagProblems('determinismGuard', config.determinismGuard));
  problems.push(...flagProblems('leases', config.leases));
  problems.push(...flagProblems('leaveOnSignal', config.leaveOnSignal));
  if (problems.length > 0) throw problemsError('CONFIG_INVALID', 'the cluster configuration', problems);

  const listen = listenOf(config, isOneProcess)!;
  return Object.freeze({
    id: id!,
    listen,
    mySeed: config.advertise ?? (seeds!.includes(listen) ? listen : undefined),
    seeds: Object.freeze([...seeds!]),
    fabric,
    security: securityOf(config),
    actors: Object.freeze(actors),
    log: resolveLog(config),
    ringBytes: config.ringBytes ?? DEFAULTS.ringBytes,
    queueBytes: config.queueBytes ?? DEFAULTS.queueBytes,
    bootstrapTimeout: config.bootstrapTimeout ?? DEFAULTS.bootstrapTimeout,
    callTimeout: config.callTimeout ?? DEFAULTS.callTimeout,
    suspicionTimeout: config.suspicionTimeout ?? DEFAULTS.suspicionTimeout,
    leases: config.leases ?? true,
    determinismGuard: config.determinismGuard ?? process.env['NODE_ENV'] !== 'production',
    leaveOnSignal: config.leaveOnSignal ?? true,
  });
}

const NOBODY =
  'neither the program nor the environment says who this member is: start the program with `bowecho run <file>`, ' +
  "or give id, listen and seeds, e.g. { id: 'n1', listen: '127.0.0.1:7401', seeds: ['127.0.0.1:7401', '127.0.0.1:7402'] }";

function readActors(actors: unknown, problems: string[]): ActorDefinition[] {
  if (!Array.isArray(actors) || actors.length === 0) {
    const given = Array.isArray(actors) ? 'is empty' : `is ${describeValue(actors)}`;
    problems.push(`actors must be a list of actor classes, but ${given}`);
    return [];
  }
  const byName = new Map<string, ActorDefinition>();
  actors.forEach((actor: unknown, index) => {
    const definition = readActor(actor, index, problems);
    if (definition === undefined) return;
    const namesake = byName.get(definition.name);
    if (namesake?.Class === definition.Class) {
      problems.push(`actors[${index}] is listed twice: '${definition.name}'`);
    } else if (namesake !== undefined) {
      problems.push(
        `actors[${index}] (class ${definition.Class.name}) has the name of class ${namesake.Class.name}: '${definition.name}'`,
      );
    } else {
      byName.set(definition.name, definition);
    }
  });
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The definition, or its problems among the others. */
function readActor(actor: unknown, index: number, problems: string[]): ActorDefinition | undefined {
  try {
    // definitionOf itself refuses what is not a class.
    return definitionOf(actor as ActorClass);
  } catch (error) {
    if (!(error instanceof BowechoError)) throw error;
    const found = error.problems.length > 0 ? error.problems : [error.message];
    const subject =
      typeof actor === 'function' ? `actors[${index}] (class ${actor.name})` : `actors[${index}]`;
    problems.push(...found.map(problem => `${subject}: ${problem}`));
    return undefined;
  }
}

function logProblems(log: unknown): string[] {
  if (log === undefined || log === false) return [];
  const missing =
    typeof log === 'object' && log !== null
      ? LOG_LEVELS.filter(level => typeof Reflect.get(log, level) !== 'function')
      : LOG_LEVELS;
  if (missing.length === 0) return [];
  return [
    `log must be false or a logger like pino's, but ${describeValue(log)} has no ${missing.join(', ')}`,
  ];
}

function resolveLog({ id, log }: ClusterConfig): Log {
  if (log === false) return SILENT;
  return log ?? pino({ name: 'bowecho', base: { node: id } });
}

function ignore(): void {}

const SILENT: Log = Object.freeze({
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
});

function ringProblems(ringBytes: unknown): string[] {
  const problems = integerProblems('ringBytes', ringBytes, LIMITS.ringBytes, 'bytes');
  if (problems.length > 0 || ringBytes === undefined) return problems;
  const isPowerOfTwo = Number.isInteger(Math.log2(ringBytes as number));
  return isPowerOfTwo ? [] : [`ringBytes must be a power of two, but is ${describeValue(ringBytes)}`];
}

function flagProblems(what: string, value: unknown): string[] {
  if (value === undefined || typeof value === 'boolean') return [];
  return [`${what} must be true or false, but is ${describeValue(value)}`];
}

function integerProblems(what: string, value: unknown, range: Range, unit: string): string[] {
  if (value === undefined || isIntegerWithin(value, range)) return [];
  return [
    `${what} must be a whole number from ${range.min} to ${range.max} ${unit}, but is ${describeValue(value)}`,
  ];
}
