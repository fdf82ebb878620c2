/**
 * defineActor does everything that decorators do, without decorators: for plain JavaScript, for loaders that drop
 * decorator metadata, and for those who prefer functions. What it returns is a class of actors like a decorated one, so
 * there is one kind of actor behind it and one type, `Ref<T>`, before it.
 *
 * From an object with state and handlers it makes a class: own fields are the state, each handler becomes a method that
 * is called with the state before the caller's arguments. From a class it makes no new class; it declares methods of it.
 */
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../config/describe-value.js';
import type { HandlerView } from '../ctx.js';
import type { ActorClass } from './actor-class.js';
import { declareActor, declareMethod } from './declarations.js';
import type {
  AnyFunction,
  ArgumentList,
  CommandOptions,
  MethodKind,
  QueryOptions,
  ReplicatedOptions,
} from './declarations.js';
import type { IsSync, SyncMethodNames, SyncOnly } from './sync-method.js';

/** Handlers by name; each gets the state before the caller's arguments. */
export type Handlers<S> = Record<string, (state: S, ...args: never[]) => unknown>;

/** The names of handlers; none where they were left out, which TypeScript infers as any name. */
type NamesOf<H> = string extends keyof H ? never : keyof H & string;

/** What a caller sees of handlers: the same without the state. */
export type MethodsOf<H> = {
  [K in NamesOf<H>]: H[K] extends (state: never, ...args: infer A) => infer R ? (...args: A) => R : never;
};

/** Turns the type of each asynchronous handler into the explanation why it cannot be one. */
type SyncHandlers<H> = { [K in keyof H]: IsSync<H[K]> extends true ? unknown : SyncOnly<H[K]> };

/** An actor without a class. */
export interface ActorSpec<
  S extends object,
  C extends Handlers<S>,
  Q extends Handlers<S>,
  CheckedName extends string,
> extends ReplicatedOptions {
  /** Makes the first state: an object, the same at every replica. */
  readonly state: () => S;
  readonly commands?: C & SyncHandlers<C>;
  readonly queries?: Q & SyncHandlers<Q>;
  /** What arguments are checked against, by method, without the state. */
  readonly args?: Readonly<Record<CheckedName, ArgumentList>>;
  /** Commands that get `Uint8Array` arguments without a copy. */
  readonly borrow?: readonly (keyof C & string)[];
  /** Runs at the same point of the command sequence at every replica. */
  readonly onViewChange?: (state: S, view: HandlerView) => void;
}

/** What `defineActor` is told of an existing class. */
export interface ClassSpec<CommandName extends string, QueryName extends string> extends ReplicatedOptions {
  readonly commands?: Readonly<Record<CommandName, CommandOptions>>;
  readonly queries?: Readonly<Record<QueryName, QueryOptions>>;
}

/**
 * Defines an actor by state and functions, or says of an existing class which methods are commands and queries.
 *
 * @throws BowechoError `ACTOR_INVALID` if the class is an actor already; other problems are reported by `definitionOf`
 * @example
 * const Counter = defineActor({
 *   name: 'counter',
 *   state: () => ({ value: 0 }),
 *   commands: { add(state, by: number) { return (state.value += by); } },
 *   queries: { read: state => state.value },
 * });
 * await cluster.get(Counter, 'visits').add(1);
 * @example
 * const Actor = defineActor(Counter, { name: 'counter', commands: { add: { args: [Number] } }, queries: { read: {} } });
 */
export function defineActor<
  T extends object,
  CommandName extends SyncMethodNames<T> = never,
  QueryName extends SyncMethodNames<T> = never,
>(
  Class: ActorClass<T>,
  spec: ClassSpec<CommandName, QueryName>,
): ActorClass<Pick<T, CommandName | QueryName>>;
export function defineActor<
  S extends object,
  C extends Handlers<S>,
  Q extends Handlers<S>,
  CheckedName extends NamesOf<C> | NamesOf<Q> = never,
>(spec: ActorSpec<S, C, Q, CheckedName>): ActorClass<MethodsOf<C> & MethodsOf<Q>>;
export function defineActor(
  actor: ActorClass | ActorSpec<object, Handlers<object>, Handlers<object>, string>,
  spec?: ClassSpec<string, string>,
): ActorClass {
  if (typeof actor !== 'function') return defineByFunctions(actor);
  if (spec === undefined) {
    throw new BowechoError(
      'ACTOR_INVALID',
      `defineActor(${actor.name}, { name, ... }) lacks its second argument`,
    );
  }
  const { commands, queries, ...options } = spec;
  declareActor(actor, options);
  declareNamed(actor, 'command', commands ?? {});
  declareNamed(actor, 'query', queries ?? {});
  return actor;
}

function declareNamed(
  actor: ActorClass,
  kind: MethodKind,
  methods: Readonly<Record<string, CommandOptions>>,
): void {
  for (const [name, options] of Object.entries(methods)) {
    declare(actor, { name, kind, options, handler: undefined });
  }
}

function declare(
  actor: ActorClass,
  method: { name: string; kind: MethodKind; options: CommandOptions; handler: AnyFunction | undefined },
): void {
  declareMethod(actor.prototype as object, {
    ...method,
    convention: 'plain',
    misplaced: undefined,
    metadataTarget: undefined,
  });
}

function defineByFunctions(spec: ActorSpec<object, Handlers<object>, Handlers<object>, string>): ActorClass {
  const { state, commands = {}, queries = {}, args = {}, borrow = [], onViewChange, ...options } = spec;
  const Class = classOfState(options.name, state);
  declareActor(Class, options);
  for (const [name, handler] of Object.entries(commands)) {
    const command = { ...argsOf(args, name), ...(borrow.includes(name) ? { borrow: true } : {}) };
    addHandler(Class, name, handler);
    declare(Class, { name, kind: 'command', options: command, handler });
  }
  for (const [name, handler] of Object.entries(queries)) {
    if (!Object.hasOwn(commands, name)) addHandler(Class, name, handler);
    declare(Class, { name, kind: 'query', options: argsOf(args, name), handler });
  }
  if (onViewChange !== undefined) addHandler(Class, 'onViewChange', onViewChange);
  return Class;
}

function argsOf(args: Readonly<Record<string, ArgumentList | undefined>>, name: string): QueryOptions {
  const list = args[name];
  return list === undefined ? {} : { args: list };
}

/** What `state` makes. Of anything but a plain object some part would be lost in silence: methods, entries, a length. */
function fieldsOf(name: string, state: () => object): object {
  const fields: unknown = state();
  if (typeof fields === 'object' && fields !== null) {
    const prototype: unknown = Object.getPrototypeOf(fields);
    if (prototype === Object.prototype || prototype === null) return fields;
  }
  throw new BowechoError(
    'ACTOR_INVALID',
    `${name}: state() gives ${describeValue(fields)}; it must give a plain object, whose fields are the state`,
  );
}

/** A class whose instances are the state: its fields are theirs. */
function classOfState(name: string, state: () => object): ActorClass {
  const Class = class {
    constructor() {
      const fields = fieldsOf(name, state);
      const hidden = Object.keys(fields).find(key => key in this);
      if (hidden !== undefined) {
        throw new BowechoError(
          'ACTOR_INVALID',
          `${name}: '${hidden}' is both a field of the state and a method`,
        );
      }
      Object.assign(this, fields);
    }
  };
  Object.defineProperty(Class, 'name', { value: name });
  return Class;
}

function addHandler(Class: ActorClass, name: string, handler: AnyFunction): void {
  const callable = handler as (state: object, ...args: unknown[]) => unknown;
  Object.defineProperty(Class.prototype, name, {
    value(this: object, ...args: unknown[]): unknown {
      return callable(this, ...args);
    },
    configurable: true,
    writable: true,
  });
}
