/**
 * Reads a class and what was declared about it into the traits of a definition, and judges them.
 *
 * All problems are reported at once, each with the method and the reason, because a user who is told one problem per
 * start mends one problem per start. The prototype chain is walked: inherited commands count, and a method that
 * overrides one without a decorator stays what it overrides.
 */
import { BowechoError, problemsError } from '@bowecho/core';
import { describeClass, describeValue } from '../config/describe-value.js';
import { unknownKeyProblems } from '../config/known-keys.js';
import { DEFAULTS, isIntegerWithin, isName, LIMITS, NAME_RULE } from '../config/limits.js';
import type { Range } from '../config/limits.js';
import type { ActorClass } from './actor-class.js';
import type { ActorTraits, MethodDefinition } from './actor-definition.js';
import { parameterChecks } from './argument-types.js';
import { actorDeclarationOf, methodDeclarationsOf } from './declarations.js';
import type { AnyFunction, MethodDeclaration, ReplicatedOptions } from './declarations.js';
import { hasRestParameter, privateNames } from './source-scan.js';
import { asynchronousKind } from './sync-method.js';

const ACTOR_OPTIONS = [
  'name',
  'version',
  'replicas',
  'nodes',
  'placement',
  'shards',
  'senders',
  'mode',
  'atomic',
];
const RANGE_OPTIONS = ['min', 'max'];
const COMMAND_OPTIONS = ['args', 'borrow'];
const QUERY_OPTIONS = ['args'];

/** Methods that Bowecho or JavaScript calls by name, and so cannot be called through a reference. */
const HOOKS = ['constructor', 'snapshot', 'restore', 'onViewChange', 'then', 'toJSON'];

/** What has been found out of a class so far. */
interface Findings {
  readonly label: string;
  readonly problems: string[];
  /** Methods whose decorator metadata the loader dropped. */
  readonly withoutMetadata: string[];
}

/**
 * @throws BowechoError `ACTOR_INVALID` with every problem, or `METADATA_MISSING` if that is the only one
 */
export function readActor(actor: ActorClass): ActorTraits {
  if (typeof actor !== 'function') {
    throw new BowechoError('ACTOR_INVALID', `an actor is a class, but this is ${describeValue(actor)}`);
  }
  const options = actorDeclarationOf(actor);
  if (options === undefined) throw notDeclared(actor);

  const label = isName(options?.name) ? options.name : describeClass(actor);
  const findings: Findings = { label, problems: [], withoutMetadata: [] };
  findings.problems.push(...optionProblems(options), ...classProblems(actor));
  const methods = readMethods(actor, findings);
  if (findings.problems.length + findings.withoutMetadata.length > 0) throw findingsError(actor, findings);

  return {
    Class: actor,
    name: options.name,
    version: options.version ?? DEFAULTS.version,
    minReplicas: leastReplicas(options),
    replicas: mostReplicas(options),
    nodes: options.nodes ?? [],
    placement: options.placement,
    shards: options.shards ?? DEFAULTS.shards,
    senders: options.senders ?? 'all',
    mode: options.mode ?? 'ordered',
    atomic: options.atomic ?? true,
    hasOnViewChange: isMethodOf(actor, 'onViewChange'),
    hasSnapshot: isMethodOf(actor, 'snapshot') && isMethodOf(actor, 'restore'),
    methods,
  };
}

function notDeclared(actor: ActorClass): BowechoError {
  const base = prototypesOf(actor)
    .map(prototype => prototype.constructor)
    .find(each => actorDeclarationOf(each) !== undefined);
  const inherited =
    base === undefined ? '' : `; that its base class ${describeClass(base)} is one is not inherited`;
  return new BowechoError(
    'ACTOR_INVALID',
    `class ${describeClass(actor)} is not an actor: decorate it with @Replicated({ name }) or use defineActor${inherited}`,
  );
}

function findingsError(actor: ActorClass, { problems, withoutMetadata }: Findings): BowechoError {
  const subject = `actor class ${describeClass(actor)}`;
  const dropped = withoutMetadata.map(
    label =>
      `${label} takes arguments, but the loader dropped the decorator metadata that says their types (esbuild and tsx ` +
      'do): compile with tsc and "emitDecoratorMetadata", or pass `args`',
  );
  const code = problems.length === 0 ? 'METADATA_MISSING' : 'ACTOR_INVALID';
  return problemsError(code, subject, [...problems, ...dropped]);
}

function optionProblems(options: ReplicatedOptions): string[] {
  if (typeof options !== 'object' || options === null) {
    return [`@Replicated takes options like { name: 'counter' }, but got ${describeValue(options)}`];
  }
  const problems = unknownKeyProblems(options, ACTOR_OPTIONS, 'the definition');
  const { name, senders, mode, atomic } = options;
  if (!isName(name)) problems.push(`name must be ${NAME_RULE}, but is ${describeValue(name)}`);
  problems.push(...placingProblems(options));
  for (const key of ['version', 'shards'] as const) {
    problems.push(...integerProblems(key, options[key], LIMITS[key]));
  }
  if (senders !== 'all') {
    const most = mostReplicas(options);
    problems.push(...integerProblems("senders, where it is not 'all',", senders, { min: 1, max: most }));
  }
  if (mode !== undefined && mode !== 'ordered' && mode !== 'unordered') {
    problems.push(`mode must be 'ordered' or 'unordered', but is ${describeValue(mode)}`);
  }
  if (atomic !== undefined && typeof atomic !== 'boolean') {
    problems.push(`atomic must be true or false, but is ${describeValue(atomic)}`);
  }
  return problems;
}

function leastReplicas({ replicas }: ReplicatedOptions): number {
  return (typeof replicas === 'object' ? replicas.min : undefined) ?? LIMITS.replicas.min;
}

function mostReplicas({ replicas }: ReplicatedOptions): number {
  if (typeof replicas !== 'object') return replicas ?? DEFAULTS.replicas;
  return replicas.max ?? Math.max(DEFAULTS.replicas, replicas.min ?? LIMITS.replicas.min);
}

/** What is wrong with where replicas are to lie, and how many. */
function placingProblems({ replicas, nodes, placement }: ReplicatedOptions): string[] {
  const problems: string[] = [];
  if (typeof replicas === 'object' && replicas !== null) {
    const { min, max } = replicas;
    const ranges = [
      ...unknownKeyProblems(replicas, RANGE_OPTIONS, 'replicas'),
      ...integerProblems('replicas.min', min, LIMITS.replicas),
      ...integerProblems('replicas.max', max, LIMITS.replicas),
    ];
    if (ranges.length === 0 && min !== undefined && max !== undefined && min > max)
      ranges.push(`replicas.min must be no more than replicas.max, but they are ${min} and ${max}`);
    problems.push(...ranges);
  } else {
    problems.push(...integerProblems('replicas', replicas, LIMITS.replicas));
  }
  if (nodes !== undefined && !isListOfNames(nodes))
    problems.push(
      `nodes must be a list of different member ids, each ${NAME_RULE}, but is ${describeValue(nodes)}`,
    );
  if (placement !== undefined && typeof placement !== 'function')
    problems.push(`placement must be a function, but is ${describeValue(placement)}`);
  return problems;
}

function isListOfNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every(isName) && new Set(value).size === value.length
  );
}

function integerProblems(what: string, value: unknown, { min, max }: Range): string[] {
  if (value === undefined || isIntegerWithin(value, { min, max })) return [];
  return [`${what} must be a whole number from ${min} to ${max}, but is ${describeValue(value)}`];
}

function classProblems(actor: ActorClass): string[] {
  const problems: string[] = [];
  if (actor.length > 0) {
    problems.push(
      `its constructor requires ${actor.length === 1 ? 'an argument' : `${actor.length} arguments`}: every replica ` +
        'makes the first state alone, without arguments',
    );
  }
  const hasSnapshot = isMethodOf(actor, 'snapshot');
  const hasRestore = isMethodOf(actor, 'restore');
  if (hasSnapshot !== hasRestore) {
    problems.push(`it has ${hasSnapshot ? 'snapshot() without restore()' : 'restore() without snapshot()'}`);
  }
  if (hasSnapshot && hasRestore) return problems;
  for (const prototype of prototypesOf(actor)) {
    const names = privateNames(String(prototype.constructor));
    if (names.length === 0) continue;
    problems.push(
      `class ${describeClass(prototype.constructor)} has ${names.join(', ')}: #private members cannot be seen as ` +
        "state; use TypeScript's `private`, or add snapshot() and restore()",
    );
  }
  return problems;
}

/** The prototypes that the class's instances inherit from, most derived first, without `Object.prototype`. */
function prototypesOf(actor: ActorClass): object[] {
  const chain: object[] = [];
  let prototype: unknown = actor.prototype;
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    chain.push(prototype);
    prototype = Object.getPrototypeOf(prototype);
  }
  return chain;
}

/** The method that instances have under `name`, without running an accessor. */
function methodOf(actor: ActorClass, name: string): AnyFunction | undefined {
  for (const prototype of prototypesOf(actor)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    if (descriptor === undefined) continue;
    const value: unknown = descriptor.value;
    return typeof value === 'function' ? (value as AnyFunction) : undefined;
  }
  return undefined;
}

function isMethodOf(actor: ActorClass, name: string): boolean {
  return methodOf(actor, name) !== undefined;
}

function readMethods(actor: ActorClass, findings: Findings): MethodDefinition[] {
  const declared = declaredMethods(actor, findings.problems);
  const names = [...declared.keys()].sort();
  const { min, max } = LIMITS.methods;
  if (names.length < min && findings.problems.length === 0) {
    findings.problems.push('it has no @Command and no @Query, so nothing could be called');
  }
  if (names.length > max)
    findings.problems.push(`it has ${names.length} commands and queries of at most ${max}`);
  return names.map((name, id) => readMethod(actor, declared.get(name)!, { name, id }, findings));
}

/** What was declared, by name; the most derived class wins. */
function declaredMethods(actor: ActorClass, problems: string[]): Map<string, MethodDeclaration> {
  const declared = new Map<string, MethodDeclaration>();
  for (const prototype of prototypesOf(actor)) {
    const own = new Map<string, MethodDeclaration>();
    for (const declaration of methodDeclarationsOf(prototype)) {
      const { name, kind, misplaced } = declaration;
      const decorator = kind === 'command' ? '@Command' : '@Query';
      const twin = own.get(String(name));
      if (misplaced !== undefined) {
        problems.push(`${String(name)} is ${misplaced}: ${decorator} is for public methods of instances`);
      } else if (typeof name === 'symbol') {
        problems.push(`${String(name)} is a symbol: the name of a command or query is text`);
      } else if (twin !== undefined) {
        const pair = twin.kind === kind ? `${decorator} twice` : 'both @Command and @Query';
        problems.push(`${name} is decorated with ${pair}`);
      } else {
        own.set(name, declaration);
      }
    }
    for (const [name, declaration] of own) if (!declared.has(name)) declared.set(name, declaration);
  }
  return declared;
}

function readMethod(
  actor: ActorClass,
  declaration: MethodDeclaration,
  { name, id }: { name: string; id: number },
  findings: Findings,
): MethodDefinition {
  const { kind, options, handler, metadataTarget } = declaration;
  const label = `${findings.label}.${name}`;
  const { problems } = findings;
  problems.push(...nameProblems(label, name), ...methodOptionProblems(label, declaration));

  const method = handler ?? methodOf(actor, name);
  if (typeof method !== 'function') {
    problems.push(`${label} is not a method`);
    return { name, kind, id, label, parameters: undefined, borrow: false };
  }
  const asynchronous = asynchronousKind(method) ?? promisedReturn(metadataTarget, name);
  if (asynchronous !== undefined) {
    problems.push(`${label} is ${asynchronous}: a command or query is synchronous; await before the call`);
  }

  const leading = handler === undefined ? 0 : 1;
  const requiredCount = Math.max(0, method.length - leading);
  const args = options?.args;
  const metadata = metadataOf('design:paramtypes', metadataTarget, name);
  if (
    declaration.convention === 'legacy' &&
    args === undefined &&
    metadata === undefined &&
    requiredCount > 0
  ) {
    findings.withoutMetadata.push(label);
  }
  const source = {
    label,
    args,
    metadata: Array.isArray(metadata) ? (metadata as readonly unknown[]) : undefined,
    requiredCount,
    hasRest: hasRestParameter(String(method)),
  };
  return {
    name,
    kind,
    id,
    label,
    parameters: parameterChecks(source, problems),
    borrow: options?.borrow ?? false,
  };
}

function nameProblems(label: string, name: string): string[] {
  if (name.startsWith('$')) return [`${label}: names with $ are for what references add, like $with`];
  if (HOOKS.includes(name) || name in Object.prototype) {
    return [
      `${label}: '${name}' is called by JavaScript or by Bowecho itself, and cannot be a command or query`,
    ];
  }
  return [];
}

function methodOptionProblems(label: string, { kind, options }: MethodDeclaration): string[] {
  const decorator = kind === 'command' ? '@Command' : '@Query';
  if (typeof options !== 'object' || options === null) {
    return [`${label}: ${decorator} takes options like { args: [...] }, but got ${describeValue(options)}`];
  }
  const problems = unknownKeyProblems(
    options,
    kind === 'command' ? COMMAND_OPTIONS : QUERY_OPTIONS,
    decorator,
  );
  if (options.borrow !== undefined && typeof options.borrow !== 'boolean') {
    problems.push(`borrow must be true or false, but is ${describeValue(options.borrow)}`);
  }
  return problems.map(problem => `${label}: ${problem}`);
}

function promisedReturn(metadataTarget: object | undefined, name: string): string | undefined {
  const returned = metadataOf('design:returntype', metadataTarget, name);
  return returned === Promise ? 'declared to return a Promise' : undefined;
}

function metadataOf(key: string, target: object | undefined, name: string): unknown {
  return target === undefined ? undefined : Reflect.getOwnMetadata(key, target, name);
}
