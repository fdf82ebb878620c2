/**
 * `@Replicated`, `@Command` and `@Query`: sugar that writes down what a class says about itself (see declarations.ts).
 *
 * One implementation serves both decorator conventions. The legacy one (`experimentalDecorators`) calls a decorator with
 * a prototype, a name and a descriptor, and with `emitDecoratorMetadata` the compiler adds the classes of the parameters.
 * The standard one calls it with the method and a context, and nothing at all is known of parameters. The second
 * argument tells them apart: only a context has a `kind`.
 *
 * A decorator cannot change types, so `Ref<T>` shows every public method; what was not decorated is refused at the call.
 */
import 'reflect-metadata';
import { BowechoError } from '@bowecho/core';
import type { ActorClass } from './actor-class.js';
import { declareActor, declareMethod } from './declarations.js';
import type { CommandOptions, MethodKind, QueryOptions, ReplicatedOptions } from './declarations.js';
import type { SyncOnly } from './sync-method.js';

/** A class decorator of both conventions. The class must be constructible without arguments. */
export type ActorDecorator = <C extends ActorClass>(actor: C, context?: ClassDecoratorContext<C>) => void;

/**
 * A method decorator of both conventions: legacy gives `(prototype, name, descriptor)`, standard gives
 * `(method, context)`. Where the method may return a promise, the parameter's type becomes the explanation.
 */
export type HandlerDecorator = <T, F>(
  target: SyncOnly<T>,
  nameOrContext: string | symbol | ClassMethodDecoratorContext,
  descriptor?: TypedPropertyDescriptor<SyncOnly<F>>,
) => void;

/**
 * Makes a class a replicated actor type.
 *
 * @example
 * \@Replicated({ name: 'counter' })
 * class Counter {
 *   private value = 0;
 *   \@Command() add(by: number): number { return (this.value += by); }
 *   \@Query() read(): number { return this.value; }
 * }
 */
export function Replicated(options: ReplicatedOptions): ActorDecorator {
  refuseBareUse('Replicated', typeof options === 'function');
  return actor => declareActor(actor, options);
}

/** A method that changes state: run at every replica, in one order. `@Command({ args, borrow })`. */
export function Command(options: CommandOptions = {}, ...misuse: never[]): HandlerDecorator {
  refuseBareUse('Command', misuse.length > 0);
  return (target, nameOrContext, descriptor) =>
    declare('command', options, target, nameOrContext, descriptor);
}

/** A method that only reads: run at one replica, or at all with `$all`. `@Query({ args })`. */
export function Query(options: QueryOptions = {}, ...misuse: never[]): HandlerDecorator {
  refuseBareUse('Query', misuse.length > 0);
  return (target, nameOrContext, descriptor) => declare('query', options, target, nameOrContext, descriptor);
}

/** `@Command` without parentheses would decorate nothing and say nothing. */
function refuseBareUse(decorator: string, isBare: boolean): void {
  if (isBare) throw new BowechoError('ACTOR_INVALID', `write @${decorator}(...) with parentheses`);
}

function declare(
  kind: MethodKind,
  options: CommandOptions,
  target: unknown,
  nameOrContext: string | symbol | ClassMethodDecoratorContext,
  descriptor: PropertyDescriptor | undefined,
): void {
  if (typeof nameOrContext === 'object') {
    declareStandard(kind, options, nameOrContext);
    return;
  }
  const isStatic = typeof target === 'function';
  const prototype = (isStatic ? Reflect.get(target, 'prototype') : target) as object;
  declareMethod(prototype, {
    name: nameOrContext,
    kind,
    options,
    convention: 'legacy',
    misplaced: isStatic ? 'a static member' : misplacedLegacy(descriptor),
    metadataTarget: prototype,
    handler: undefined,
  });
}

function misplacedLegacy(descriptor: PropertyDescriptor | undefined): string | undefined {
  if (descriptor === undefined) return 'a field';
  return typeof descriptor.value === 'function' ? undefined : 'an accessor';
}

function declareStandard(
  kind: MethodKind,
  options: CommandOptions,
  context: ClassMethodDecoratorContext,
): void {
  // Compilers that have the symbol always make the object; only a hand-made context lacks it.
  const metadata = context.metadata as object | undefined;
  if (metadata === undefined) {
    throw new BowechoError(
      'ACTOR_INVALID',
      `the decorator of ${String(context.name)} got no metadata object: import '@bowecho/actors' before the class is made`,
    );
  }
  declareMethod(metadata, {
    name: context.name,
    kind,
    options,
    convention: 'standard',
    misplaced: misplacedStandard(context),
    metadataTarget: undefined,
    handler: undefined,
  });
}

function misplacedStandard(context: ClassMethodDecoratorContext): string | undefined {
  if (context.static) return 'a static member';
  if (context.private) return 'a #private method';
  const kind: string = context.kind;
  return kind === 'method' ? undefined : kind === 'field' ? 'a field' : 'an accessor';
}
