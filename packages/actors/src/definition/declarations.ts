/**
 * What decorators and `defineActor` said, kept as it was said. Nothing is judged here: a decorator runs while its class
 * is still being made, when classes of a circular import do not exist yet, and a user wants to hear of all problems at
 * once. `definitionOf` reads the declarations later and judges them together.
 *
 * This is the one place with module-level mutable state, because a decorator has nowhere else to write. Keys are weak.
 *
 * Both conventions meet here. A legacy decorator is given the prototype; a standard one is given the class's metadata
 * object, which the class carries under `Symbol.metadata`. Either object is the key of the same map. Keying by the
 * decorated function was rejected: another decorator above ours may wrap it.
 */
import { BowechoError, type Placement } from '@bowecho/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** Any class, built-in constructors included. */
// eslint's ban on `Function` is for calling it blindly; here it is only ever compared.
export type AnyClass = abstract new (...args: never[]) => unknown;

/** A constructor that is called without `new` too, like `BigInt`. */
type BuiltInFunction = StringConstructor | NumberConstructor | BooleanConstructor | BigIntConstructor;

/** What an argument is checked against: a Standard Schema, a `@Value` class, or a built-in constructor. */
export type ArgumentType = StandardSchemaV1 | AnyClass | BuiltInFunction;

/** One parameter's type, or a thunk of it, for a class that does not exist yet (circular imports). */
export type ArgumentEntry = ArgumentType | (() => ArgumentType);

/** The types of all parameters of a method, or a thunk of the list. */
export type ArgumentList = readonly ArgumentEntry[] | (() => readonly ArgumentEntry[]);

export type MethodKind = 'command' | 'query';

export interface QueryOptions {
  /**
   * What each argument is checked against, once, at the caller. Where it is left out, TypeScript's decorator metadata
   * (`design:paramtypes`) says it.
   *
   * @example `@Command({ args: [z.string().min(1), Money] })`
   */
  readonly args?: ArgumentList;
}

export interface CommandOptions extends QueryOptions {
  /**
   * Hands `Uint8Array` arguments to the handler without copying them out of the ring. They are valid until the handler
   * returns, and must not be kept in the state. Default `false`.
   */
  readonly borrow?: boolean;
}

/** From how many replicas to how many. */
export interface ReplicaRange {
  /** With fewer a shard does not work, and its group waits. Default 1. */
  readonly min?: number;
  /** As many as this, while members last. Default 3, or `min` if that is more. */
  readonly max?: number;
}

export interface ReplicatedOptions {
  /**
   * Names the type in the cluster, in logs and on disk; 1 to 64 of `A-Z a-z 0-9 . _ -`. Explicit, as minifiers rename
   * classes.
   */
  readonly name: string;
  /** Grows when state or methods change. Default 1. */
  readonly version?: number;
  /**
   * Copies of each shard, while members last; or from how many to how many. With fewer than `min` the group stands still until somebody
   * joins. Default `{ min: 1, max: 3 }`, and a number is the `max`.
   */
  readonly replicas?: number | ReplicaRange;
  /**
   * Ids of the only members that hold replicas. Whom any type names so holds no type that does not name it. Left out: whichever
   * no type names.
   */
  readonly nodes?: readonly string[];
  /**
   * Says which members replicate which shard, in the place of the even layout: a pure function. Asked at the founding and when
   * somebody joins.
   */
  readonly placement?: Placement;
  /** Shards that keys are spread over. Default 1. */
  readonly shards?: number;
  /** Which replicas may send commands into a shard: all, or the oldest so many. Default `'all'`. */
  readonly senders?: 'all' | number;
  /** `'ordered'`: one order at all replicas. `'unordered'`: only each sender's own order. Default `'ordered'`. */
  readonly mode?: 'ordered' | 'unordered';
  /** Whether a throw undoes what the command changed. Default `true`. */
  readonly atomic?: boolean;
}

/** How a method was declared, which says where the types of its parameters may be found. */
export type Convention = 'legacy' | 'standard' | 'plain';

/** One `@Command` or `@Query` as it was said. */
export interface MethodDeclaration {
  readonly name: string | symbol;
  readonly kind: MethodKind;
  readonly options: CommandOptions;
  readonly convention: Convention;
  /** What was decorated, where it is not a public method of instances: `a static method`, `a field`, ... */
  readonly misplaced: string | undefined;
  /** For legacy metadata: the prototype that carries it. */
  readonly metadataTarget: object | undefined;
  /**
   * The function that a generated method calls with the state before the caller's arguments (`defineActor` without a
   * class). Its source and arity are the user's, the generated method's are ours.
   */
  readonly handler: AnyFunction | undefined;
}

export type AnyFunction = (...args: never[]) => unknown;

const methodDeclarations = new WeakMap<object, MethodDeclaration[]>();
const actorDeclarations = new WeakMap<object, ReplicatedOptions>();

/**
 * Where standard decorators leave a class's metadata. Node 20 does not have the symbol, and compilers emit metadata
 * only if it exists when the class is made, so importing this module provides it, as `Symbol.for` so that several
 * providers agree.
 */
const METADATA = provideMetadataSymbol();

function provideMetadataSymbol(): symbol {
  const existing: unknown = Reflect.get(Symbol, 'metadata');
  if (typeof existing === 'symbol') return existing;
  const provided = Symbol.for('Symbol.metadata');
  Object.defineProperty(Symbol, 'metadata', { value: provided });
  return provided;
}

/** @param holder a prototype, or a class's metadata object */
export function declareMethod(holder: object, declaration: MethodDeclaration): void {
  const declarations = methodDeclarations.get(holder);
  if (declarations === undefined) methodDeclarations.set(holder, [declaration]);
  else declarations.push(declaration);
}

/** @throws BowechoError `ACTOR_INVALID` if the class was declared before */
export function declareActor(actor: AnyClass, options: ReplicatedOptions): void {
  if (actorDeclarations.has(actor)) {
    throw new BowechoError('ACTOR_INVALID', `class ${actor.name} is declared as an actor twice`);
  }
  actorDeclarations.set(actor, options);
}

/** What was said about this very class; an actor's name is not inherited. */
export function actorDeclarationOf(actor: object): ReplicatedOptions | undefined {
  return actorDeclarations.get(actor);
}

/** What was said about the methods that this prototype itself has, under either convention. */
export function methodDeclarationsOf(prototype: object): readonly MethodDeclaration[] {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const metadata: unknown =
    typeof maker === 'function' ? Object.getOwnPropertyDescriptor(maker, METADATA)?.value : undefined;
  const standard =
    typeof metadata === 'object' && metadata !== null ? methodDeclarations.get(metadata) : undefined;
  return [...(methodDeclarations.get(prototype) ?? []), ...(standard ?? [])];
}
