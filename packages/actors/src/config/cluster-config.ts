/**
 * ClusterConfig is what a program says to `createCluster`; `resolveConfig` turns it into what the host works with, or
 * into one error that lists every problem with the offending value and what is allowed.
 *
 * It is pure: it opens nothing and asks nothing of the network, so a configuration can be checked in a test. Nothing
 * behind it checks the same value again.
 */
import { BowechoError, problemsError } from '@bowecho/core';
import { pino } from 'pino';
import type { Log } from '../ctx.js';
import type { ActorClass } from '../definition/actor-class.js';
import { definitionOf } from '../definition/actor-definition.js';
import type { ActorDefinition } from '../definition/actor-definition.js';
import { describeValue } from './describe-value.js';
import { unknownKeyProblems } from './known-keys.js';
import { DEFAULTS, isIntegerWithin, isName, LIMITS, NAME_RULE } from './limits.js';
import type { Range } from './limits.js';

/** Fabrics that this version has. */
export type FabricName = 'in-process';

/** Fabrics that have a name already, and what they will be. */
const LATER_FABRICS: Readonly<Record<string, string>> = {
  'shared-memory': 'processes of one machine',
  libfabric: 'RDMA between machines',
  auto: 'the fastest fabric that the machine has',
};

/** What `createCluster` is told. */
export interface ClusterConfig {
  /** Names this member: 1 to 64 of `A-Z a-z 0-9 . _ -`, unique in the cluster, the same after a restart. */
  readonly id: string;
  /** Address of this member, one of the seeds. Default: `id`. */
  readonly listen?: string;
  /** Addresses of all founders, the same list at each of them. */
  readonly seeds: readonly string[];
  /** What carries the bytes: `'in-process'`, members that live in one process. */
  readonly fabric: FabricName;
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
}

/** A configuration without gaps. */
export interface ResolvedConfig {
  readonly id: string;
  readonly listen: string;
  readonly seeds: readonly string[];
  readonly fabric: FabricName;
  /** In the order of their names, the same at every member. */
  readonly actors: readonly ActorDefinition[];
  readonly log: Log;
  readonly ringBytes: number;
  readonly queueBytes: number;
  readonly bootstrapTimeout: number;
  readonly callTimeout: number;
}

const OPTIONS = [
  'id',
  'listen',
  'seeds',
  'fabric',
  'actors',
  'log',
  'ringBytes',
  'queueBytes',
  'bootstrapTimeout',
  'callTimeout',
];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws BowechoError `CONFIG_INVALID` with every problem
 * @example
 * resolveConfig({ id: 'n1', seeds: ['n1', 'n2', 'n3'], fabric: 'in-process', actors: [Counter] });
 */
export function resolveConfig(config: ClusterConfig): ResolvedConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw problemsError('CONFIG_INVALID', 'the cluster configuration', [
      `it must be an object like { id, seeds, fabric, actors }, but is ${describeValue(config)}`,
    ]);
  }
  const problems = unknownKeyProblems(config, OPTIONS, 'the configuration');
  if (!isName(config.id)) problems.push(`id must be ${NAME_RULE}, but is ${describeValue(config.id)}`);
  const listen = config.listen ?? config.id;
  problems.push(...addressProblems(config, listen), ...fabricProblems(config.fabric));
  const actors = readActors(config.actors, problems);
  problems.push(...logProblems(config.log));
  problems.push(...ringProblems(config.ringBytes));
  problems.push(...integerProblems('queueBytes', config.queueBytes, LIMITS.queueBytes, 'bytes'));
  problems.push(
    ...integerProblems('bootstrapTimeout', config.bootstrapTimeout, LIMITS.bootstrapTimeout, 'ms'),
  );
  problems.push(...integerProblems('callTimeout', config.callTimeout, LIMITS.callTimeout, 'ms'));
  if (problems.length > 0) throw problemsError('CONFIG_INVALID', 'the cluster configuration', problems);

  return Object.freeze({
    id: config.id,
    listen,
    seeds: Object.freeze([...config.seeds]),
    fabric: config.fabric,
    actors: Object.freeze(actors),
    log: resolveLog(config),
    ringBytes: config.ringBytes ?? DEFAULTS.ringBytes,
    queueBytes: config.queueBytes ?? DEFAULTS.queueBytes,
    bootstrapTimeout: config.bootstrapTimeout ?? DEFAULTS.bootstrapTimeout,
    callTimeout: config.callTimeout ?? DEFAULTS.callTimeout,
  });
}

function addressProblems(config: ClusterConfig, listen: unknown): string[] {
  const problems: string[] = [];
  if (config.listen !== undefined && !isAddress(config.listen)) {
    problems.push(`listen must be ${ADDRESS_RULE}, but is ${describeValue(config.listen)}`);
  }
  const seeds: unknown = config.seeds;
  const { min, max } = LIMITS.seeds;
  if (!Array.isArray(seeds) || seeds.length < min || seeds.length > max) {
    const given = Array.isArray(seeds) ? `has ${seeds.length}` : `is ${describeValue(seeds)}`;
    problems.push(`seeds must be a list of ${min} to ${max} addresses, but ${given}`);
    return problems;
  }
  seeds.forEach((seed: unknown, index) => {
    if (!isAddress(seed))
      problems.push(`seeds[${index}] must be ${ADDRESS_RULE}, but is ${describeValue(seed)}`);
    const first = seeds.indexOf(seed);
    if (first < index) problems.push(`seeds[${index}] repeats seeds[${first}], ${describeValue(seed)}`);
  });
  if (isAddress(listen) && !seeds.includes(listen)) {
    const source = config.listen === undefined ? 'listen (by default the id)' : 'listen';
    problems.push(
      `${source} is ${describeValue(listen)}, which is not among the seeds ${seeds.map(String).join(', ')}: ` +
        'in this version every member is a founder; joining a running group comes later',
    );
  }
  return problems;
}

const ADDRESS_RULE = `an address of ${LIMITS.address.min} to ${LIMITS.address.max} characters without spaces`;

function isAddress(value: unknown): value is string {
  const { min, max } = LIMITS.address;
  return typeof value === 'string' && value.length >= min && value.length <= max && !/\s/.test(value);
}

function fabricProblems(fabric: unknown): string[] {
  if (fabric === 'in-process') return [];
  const use = "this version has 'in-process'";
  if (typeof fabric === 'string' && Object.hasOwn(LATER_FABRICS, fabric)) {
    return [`fabric '${fabric}' (${LATER_FABRICS[fabric]!}) is not available yet; ${use}`];
  }
  return [`fabric must be the name of a fabric, but is ${describeValue(fabric)}; ${use}`];
}

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

function integerProblems(what: string, value: unknown, range: Range, unit: string): string[] {
  if (value === undefined || isIntegerWithin(value, range)) return [];
  return [
    `${what} must be a whole number from ${range.min} to ${range.max} ${unit}, but is ${describeValue(value)}`,
  ];
}
