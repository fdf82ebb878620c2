/**
 * The registry of `@Value` classes: the user's classes whose instances survive the wire and snapshots.
 *
 * A value is sent as its registered name, its version, and its own fields; at the other side it is an object of the
 * same class again, made without running the constructor. Names are explicit strings, because minifiers rename
 * classes. A class may be registered once, a name may belong to one class.
 *
 * The registry is process-wide because decorators are: they run when a module is loaded, before any cluster exists.
 * It only grows, and nothing in it depends on a cluster. Subclasses of a value are not values until they are
 * decorated themselves: their fields could not be told from the parent's.
 */
import { BowechoError, problemsError } from '@bowecho/core';
import { privateNames } from '../definition/source-scan.js';

/** Any class, whatever its constructor takes. */
export type AnyClass = abstract new (...args: never[]) => object;

export interface ValueOptions {
  /** 1 to 64 characters of `A-Z a-z 0-9 . _ -`. What the bytes say, so it must never be changed. */
  readonly name: string;
  /** A whole number from 1 on; the default is 1. Bytes of another version are refused. */
  readonly version?: number;
}

/** What is known about one registered class. */
export interface ValueType {
  readonly name: string;
  readonly version: number;
  readonly Class: AnyClass;
}

const byClass = new Map<unknown, ValueType>();
const byName = new Map<string, ValueType>();

const VALID_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Makes a class a value: its instances may be arguments, results and state.
 *
 * @throws BowechoError ACTOR_INVALID, with all problems: a bad or taken name, a bad version, `#private` fields.
 * @example
 * registerValue(Money, { name: 'money', version: 1 });
 */
export function registerValue(Class: AnyClass, options: ValueOptions): ValueType {
  const { name, version = 1 } = options;
  const problems: string[] = [];
  if (typeof name !== 'string' || !VALID_NAME.test(name)) {
    problems.push(`its name is ${describe(name)}; it must be 1 to 64 characters of A-Z a-z 0-9 . _ -`);
  }
  if (!Number.isInteger(version) || version < 1 || version > 0xffff_ffff) {
    problems.push(`its version is ${describe(version)}; it must be a whole number from 1 to 4294967295`);
  }
  const namesake = byName.get(name);
  if (namesake !== undefined && namesake.Class !== Class) {
    problems.push(`the name '${name}' already belongs to the class ${namesake.Class.name}`);
  }
  const known = byClass.get(Class);
  if (known !== undefined && (known.name !== name || known.version !== version)) {
    problems.push(`it is already registered as '${known.name}' version ${known.version}`);
  }
  const hidden = privateNamesOf(Class);
  if (hidden.length > 0) {
    problems.push(
      `it has private names (${hidden.join(', ')}), which cannot be sent; use TypeScript's 'private'`,
    );
  }
  if (problems.length > 0)
    throw problemsError('ACTOR_INVALID', `@Value class ${Class.name || '(unnamed)'}`, problems);
  if (known !== undefined) return known;
  const type: ValueType = { name, version, Class };
  byClass.set(Class, type);
  byName.set(name, type);
  return type;
}

/**
 * The class that was registered when the same source was loaded before: `bowecho run` loads a program once per member where
 * all are in one process, and a value of one must be a value of the others.
 */
function sameClassLoadedBefore(Class: AnyClass, { name, version = 1 }: ValueOptions): AnyClass | undefined {
  const known = byName.get(name);
  if (known?.version !== version || known.Class === Class) return undefined;
  return String(known.Class) === String(Class) && known.Class.name === Class.name ? known.Class : undefined;
}

/** The registration of a class, or undefined if it is not a value. */
export function valueTypeOf(Class: unknown): ValueType | undefined {
  return byClass.get(Class);
}

/** The registration of a name, or undefined if no class has it. */
export function valueTypeNamed(name: string): ValueType | undefined {
  return byName.get(name);
}

/** The registration of an object's own class, or undefined if it is not a value. */
export function valueTypeOfInstance(object: object): ValueType | undefined {
  const type = byClass.get(object.constructor);
  return type !== undefined && Object.getPrototypeOf(object) === type.Class.prototype ? type : undefined;
}

/**
 * Makes the decorated class a value. Works as a legacy decorator and as a standard (TC39) one. A class whose very source was
 * loaded before, from the same file under another URL, is that one again.
 *
 * @throws BowechoError ACTOR_INVALID when the module is loaded, with all problems of the class.
 * @example
 * @Value({ name: 'money', version: 1 })
 * class Money {
 *   constructor(readonly cents: bigint, readonly currency: string) {}
 * }
 */
export function Value(
  options: ValueOptions,
): <C extends AnyClass>(Class: C, context?: { readonly kind: string }) => C | void {
  return <C extends AnyClass>(Class: C, context?: { readonly kind: string }) => {
    if (context !== undefined && context.kind !== 'class') {
      throw new BowechoError(
        'ACTOR_INVALID',
        `@Value decorates classes; here it decorates a ${context.kind}`,
      );
    }
    const before = sameClassLoadedBefore(Class, options);
    if (before !== undefined) return before as C;
    registerValue(Class, options);
  };
}

/** Classes do not change their source, and instances are made by the million. */
const privateNamesByClass = new WeakMap<AnyClass, readonly string[]>();

/**
 * The `#private` names that a class or one of its ancestors declares, as far as its source text shows them.
 *
 * A class that hides its source (a bound function, native code) shows none.
 */
export function privateNamesOf(Class: AnyClass): readonly string[] {
  let names = privateNamesByClass.get(Class);
  if (names === undefined) privateNamesByClass.set(Class, (names = findPrivateNames(Class)));
  return names;
}

function findPrivateNames(Class: AnyClass): readonly string[] {
  const names = new Set<string>();
  let current: unknown = Class;
  while (typeof current === 'function' && current !== Function.prototype) {
    const source = Function.prototype.toString.call(current);
    if (source.startsWith('class')) {
      for (const name of privateNames(source)) names.add(name);
    }
    current = Object.getPrototypeOf(current);
  }
  return [...names];
}

function describe(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
