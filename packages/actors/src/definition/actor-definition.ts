/**
 * ActorDefinition is what Bowecho knows of an actor type: an immutable value made once from a class and what was declared
 * about it. The stubs, the codec's method numbers, the layout and the check that members agree all read it.
 *
 * Methods are numbered in the order of their names, so every member that has the same methods has the same numbers,
 * whatever the order of the source. `fingerprint` is the definition as text, one fact per line: members compare it when
 * they meet, and the lines that differ are the explanation.
 *
 * It says nothing of what the methods do. Members that run different code under one definition are found by digests.
 */
import { BowechoError, type Placement } from '@bowecho/core';
import type { ActorClass } from './actor-class.js';
import type { CheckedMethod, ParameterChecks } from './argument-checks.js';
import type { MethodKind } from './declarations.js';
import { readActor } from './read-actor.js';

/** One command or query. */
export interface MethodDefinition extends CheckedMethod {
  readonly name: string;
  readonly kind: MethodKind;
  /** Position among the methods sorted by name, below 255: how the method is called on the wire. */
  readonly id: number;
  /** `actor.method`, for error sentences. */
  readonly label: string;
  /** `undefined` where nothing is known of the parameters. */
  readonly parameters: ParameterChecks | undefined;
  /** Whether `Uint8Array` arguments are handed over without a copy. */
  readonly borrow: boolean;
}

/** What a definition is made of. */
export interface ActorTraits {
  readonly Class: ActorClass;
  readonly name: string;
  readonly version: number;
  readonly minReplicas: number;
  /** As many as this, while members last. */
  readonly replicas: number;
  /** Ids of the only members that hold it; none: whichever no type names. */
  readonly nodes: readonly string[];
  /** Says who replicates which shard; undefined: the even layout. */
  readonly placement: Placement | undefined;
  readonly shards: number;
  readonly senders: 'all' | number;
  readonly mode: 'ordered' | 'unordered';
  readonly atomic: boolean;
  readonly hasOnViewChange: boolean;
  /** Whether the class says itself what its state is, by `snapshot()` and `restore()`. */
  readonly hasSnapshot: boolean;
  readonly methods: readonly MethodDefinition[];
}

export class ActorDefinition implements ActorTraits {
  readonly Class: ActorClass;
  readonly name: string;
  readonly version: number;
  readonly minReplicas: number;
  readonly replicas: number;
  readonly nodes: readonly string[];
  readonly placement: Placement | undefined;
  readonly shards: number;
  readonly senders: 'all' | number;
  readonly mode: 'ordered' | 'unordered';
  readonly atomic: boolean;
  readonly hasOnViewChange: boolean;
  readonly hasSnapshot: boolean;
  /** Sorted by name; the index is the method's id. */
  readonly methods: readonly MethodDefinition[];
  /** The definition as text, one fact per line; see `describeMismatch`. */
  readonly fingerprint: string;
  readonly #methodsByName: ReadonlyMap<string, MethodDefinition>;

  constructor(traits: ActorTraits) {
    this.Class = traits.Class;
    this.name = traits.name;
    this.version = traits.version;
    this.minReplicas = traits.minReplicas;
    this.replicas = traits.replicas;
    this.nodes = Object.freeze([...traits.nodes]);
    this.placement = traits.placement;
    this.shards = traits.shards;
    this.senders = traits.senders;
    this.mode = traits.mode;
    this.atomic = traits.atomic;
    this.hasOnViewChange = traits.hasOnViewChange;
    this.hasSnapshot = traits.hasSnapshot;
    this.methods = Object.freeze([...traits.methods]);
    this.fingerprint = fingerprintOf(traits);
    this.#methodsByName = new Map(traits.methods.map(method => [method.name, method]));
    Object.freeze(this);
  }

  /**
   * The command or query of that name.
   *
   * @throws BowechoError `ACTOR_UNKNOWN` if it is not declared, e.g. because `@Command` is missing
   */
  method(name: string): MethodDefinition {
    const method = this.#methodsByName.get(name);
    if (method === undefined) throw this.unknownMethod(name);
    return method;
  }

  /** The error for a method that is not offered, `ACTOR_UNKNOWN`; it says which are. */
  unknownMethod(name: string): BowechoError {
    const offered = this.methods.map(each => each.name).join(', ');
    return new BowechoError(
      'ACTOR_UNKNOWN',
      `${this.name} has no command or query '${name}'; it has ${offered}`,
      { didExecute: 'no' },
    );
  }
}

const definitions = new WeakMap<object, ActorDefinition>();

/**
 * The definition of an actor class, made at the first question.
 *
 * @throws BowechoError `ACTOR_INVALID` with every problem of the class, or `METADATA_MISSING` if the loader dropped the
 * decorator metadata and nothing else is wrong
 * @example
 * definitionOf(Counter).fingerprint;
 */
export function definitionOf(actor: ActorClass): ActorDefinition {
  let definition = definitions.get(actor);
  if (definition === undefined) {
    definition = new ActorDefinition(readActor(actor));
    definitions.set(actor, definition);
  }
  return definition;
}

/** A schema is only `schema` here: it runs at the caller, so members may differ in it while one replaces another. */
function fingerprintOf(traits: ActorTraits): string {
  const lines = [
    `name ${traits.name}`,
    `version ${traits.version}`,
    `replicas ${traits.minReplicas === 1 ? '' : `${traits.minReplicas} to `}${traits.replicas}`,
    `shards ${traits.shards}`,
    `senders ${traits.senders}`,
    `mode ${traits.mode}`,
    `atomic ${traits.atomic}`,
    `onViewChange ${traits.hasOnViewChange}`,
    `snapshot ${traits.hasSnapshot}`,
  ];
  if (traits.nodes.length > 0) lines.push(`nodes ${[...traits.nodes].sort().join(', ')}`);
  // What it does cannot be compared, and need not be: one member's answer is decided on.
  if (traits.placement !== undefined) lines.push('placement its own');
  for (const { kind, name, parameters } of traits.methods) {
    lines.push(`${kind} ${name}(${parameters === undefined ? 'unchecked' : describeParameters(parameters)})`);
  }
  return lines.join('\n');
}

function describeParameters({ checks, rest }: ParameterChecks): string {
  const listed = checks.map(check => check.description);
  if (rest !== undefined) listed.push(`...${rest.description}`);
  return listed.join(', ');
}

/**
 * What differs between two fingerprints, one sentence per fact; empty when they agree.
 *
 * @example
 * describeMismatch(definition.fingerprint, received); // ['version is 2 here and 3 there']
 */
export function describeMismatch(mine: string, theirs: string): string[] {
  const here = factsOf(mine);
  const there = factsOf(theirs);
  const differences: string[] = [];
  for (const [subject, fact] of here) {
    const other = there.get(subject);
    if (other === undefined) differences.push(`${subject} is ${fact} here and missing there`);
    else if (other !== fact) differences.push(`${subject} is ${fact} here and ${other} there`);
  }
  for (const [subject, fact] of there) {
    if (!here.has(subject)) differences.push(`${subject} is missing here and ${fact} there`);
  }
  return differences;
}

/** A fact's subject is its first word, or for a method the method's name: then a query that was a command is one change. */
function factsOf(fingerprint: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of fingerprint.split('\n')) {
    const method = /^(command|query) ([^(]*)(.*)$/.exec(line);
    const space = line.indexOf(' ');
    if (method !== null) facts.set(`method ${method[2]!}`, `a ${method[1]!} of ${method[3]!}`);
    else facts.set(line.slice(0, space), line.slice(space + 1));
  }
  return facts;
}
