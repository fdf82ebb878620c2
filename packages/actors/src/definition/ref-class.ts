/**
 * References at run time: per actor type three generated classes (calls, `$tell`, `$all`) with one function per method,
 * whose prototype is all there is. A `Proxy` was rejected: several times slower per call, and it answers for names that
 * do not exist, so that `await ref` hangs on a `then` that nobody wrote.
 *
 * A stub does nothing but hand the call to the port. Arguments are checked there, so that a refusal arrives as the
 * call's rejection and not as a throw.
 */
import { BowechoError } from '@bowecho/core';
import { inspect } from 'node:util';
import { isHandlerRunning } from '../ctx.js';
import type { ActorDefinition, MethodDefinition } from './actor-definition.js';
import { mergeCallOptions } from './call-options.js';
import type { CallOptions } from './call-options.js';

/** How a method is called: answered once, not at all, or by every replica. */
export type CallFace = 'call' | 'tell' | 'all';

/** One call, as its caller made it. */
export interface CallRequest {
  readonly definition: ActorDefinition;
  readonly method: MethodDefinition;
  /** Canonical. */
  readonly key: string;
  /** As the caller gave them, unchecked. */
  readonly args: readonly unknown[];
  readonly face: CallFace;
  readonly options: CallOptions | undefined;
}

/** What turns a stub's call into messages. */
export interface CallPort {
  /** @returns the answer for `call`, a map of answers for `all`, nothing for `tell` */
  invoke(request: CallRequest): Promise<unknown> | void;
}

// Symbols, so that neither methods of the actor nor JSON meet them.
const PORT = Symbol('port');
const KEY = Symbol('key');
const OPTIONS = Symbol('options');

/** What the stubs of all three faces hold. */
class Stub {
  readonly [PORT]: CallPort;
  readonly [KEY]: string;
  readonly [OPTIONS]: CallOptions | undefined;

  constructor(port: CallPort, key: string, options?: CallOptions) {
    this[PORT] = port;
    this[KEY] = key;
    this[OPTIONS] = options;
  }
}

type StubClass = new (port: CallPort, key: string, options?: CallOptions) => Stub;

/** A reference as it is at run time; its methods are on the generated class. */
export interface UntypedRef {
  readonly $key: string;
  readonly $tell: object;
  readonly $all: object;
  $with(options: CallOptions): UntypedRef;
}

/** Makes references of one actor type. `key` is canonical. */
export type RefClass = new (port: CallPort, key: string, options?: CallOptions) => UntypedRef;

const refClasses = new WeakMap<ActorDefinition, RefClass>();

/**
 * The class of references to actors of this definition, made at the first question.
 *
 * @example
 * const ref = new (refClassOf(definitionOf(Counter)))(port, canonicalKey('visits')) as Ref<Counter>;
 */
export function refClassOf(definition: ActorDefinition): RefClass {
  let refClass = refClasses.get(definition);
  if (refClass === undefined) {
    refClass = makeRefClass(definition);
    refClasses.set(definition, refClass);
  }
  return refClass;
}

function makeRefClass(definition: ActorDefinition): RefClass {
  const TellStub = stubClass(definition, 'tell');
  const AllStub = stubClass(definition, 'all');

  class GeneratedRef extends stubClass(definition, 'call') implements UntypedRef {
    get $key(): string {
      return this[KEY];
    }
    $with(options: CallOptions): UntypedRef {
      return new GeneratedRef(
        this[PORT],
        this[KEY],
        mergeCallOptions(this[OPTIONS], options, definition.mode),
      );
    }
    get $tell(): object {
      return new TellStub(this[PORT], this[KEY], this[OPTIONS]);
    }
    get $all(): object {
      return new AllStub(this[PORT], this[KEY], this[OPTIONS]);
    }
    [inspect.custom](): string {
      return `Ref<${definition.name}>(${JSON.stringify(this[KEY].replaceAll('\0', '/'))})`;
    }
  }
  return GeneratedRef;
}

/** A class with one function per method, all calling by `face`. */
function stubClass(definition: ActorDefinition, face: CallFace): StubClass {
  class GeneratedStub extends Stub {}
  for (const method of definition.methods) {
    Object.defineProperty(GeneratedStub.prototype, method.name, {
      value(this: Stub, ...args: unknown[]): Promise<unknown> | void {
        if (isHandlerRunning()) refuseInsideHandler(method);
        return this[PORT].invoke({ definition, method, key: this[KEY], args, face, options: this[OPTIONS] });
      },
      configurable: true,
      writable: true,
    });
  }
  for (const name of undeclaredMethods(definition)) {
    Object.defineProperty(GeneratedStub.prototype, name, {
      value: () => refuse(definition, name, face),
      configurable: true,
      writable: true,
    });
  }
  return GeneratedStub;
}

/**
 * Every replica runs the handler, so every replica would make the call. A throw and not a rejection, so that the command
 * is rolled back at all of them alike.
 */
function refuseInsideHandler(method: MethodDefinition): never {
  throw new BowechoError(
    'INSIDE_HANDLER',
    `${method.label} was called by a reference inside a handler, which runs once at every replica; call a method of the ` +
      'instance itself, or have the caller make the second call',
    { didExecute: 'no' },
  );
}

/** Methods that the class has and does not offer: TypeScript lets one call them, so they must say why not. */
function undeclaredMethods(definition: ActorDefinition): string[] {
  const names: string[] = [];
  for (let holder: unknown = definition.Class.prototype; holder !== Object.prototype;) {
    const prototype = holder as object;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const isOffered = NOT_CALLED.includes(name) || definition.methods.some(method => method.name === name);
      if (typeof value === 'function' && !isOffered) names.push(name);
    }
    holder = Object.getPrototypeOf(prototype);
  }
  return names;
}

/** `then` among them: `await ref` must find nothing. */
const NOT_CALLED = ['constructor', 'then', 'onViewChange', 'snapshot', 'restore'];

/** A rejection, as of any call; by `$tell`, which has no answer to reject, a throw: it is a mistake in the program. */
function refuse(definition: ActorDefinition, name: string, face: CallFace): Promise<never> {
  const error = definition.unknownMethod(name);
  if (face === 'tell') throw error;
  return Promise.reject(error);
}
