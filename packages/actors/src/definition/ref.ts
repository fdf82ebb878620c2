/**
 * Ref<T> is how callers see an actor of class `T`: its public methods, each answering by a promise, and a few faces whose
 * names start with `$` so that they never collide with methods.
 *
 * The type is shallow on purpose: only the methods' own types are mapped, never what is inside of a result, because deep
 * mapped types collapse recursive and unknown results. Limits of TypeScript: of an overloaded method only the last
 * signature is seen, and a generic method's type parameter becomes `unknown`.
 */
import type { CallOptions } from './call-options.js';
import type { AnyMethod } from './sync-method.js';

/** Methods that Bowecho calls itself. */
type Hook = 'onViewChange' | 'snapshot' | 'restore';

/** The names that a reference to `T` has methods under; private and protected members have none. */
export type CallableNames<T> = {
  [K in keyof T]-?: T[K] extends AnyMethod ? (K extends Hook ? never : K) : never;
}[keyof T] &
  string;

/** One method with another result. */
type Answering<F, R> = F extends (...args: infer A) => unknown ? (...args: A) => R : never;

type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/** The methods, each called at all replicas in one order and answered once. */
export type RefMethods<T> = { readonly [K in CallableNames<T>]: Answering<T[K], Promise<ResultOf<T[K]>>> };

/** The methods without an answer. */
export type TellMethods<T> = { readonly [K in CallableNames<T>]: Answering<T[K], void> };

/** The methods, answered by every replica: a map from node id to its answer. */
export type AllMethods<T> = {
  readonly [K in CallableNames<T>]: Answering<T[K], Promise<Map<string, ResultOf<T[K]>>>>;
};

/** What every reference has beside the methods. */
export interface RefFaces<T> {
  /** The canonical key of the instance. */
  readonly $key: string;
  /**
   * The same reference with options for its calls, over those it has.
   *
   * @throws BowechoError `ARGUMENT_INVALID` for options out of range
   * @example
   * await counter.$with({ timeout: 50 }).add(1);
   */
  readonly $with: (options: CallOptions) => Ref<T>;
  /** Calls without an answer. */
  readonly $tell: TellMethods<T>;
  /** Calls that every replica answers. */
  readonly $all: AllMethods<T>;
}

/**
 * A reference to one instance of the actor class `T`. It always exists; the instance is made by its first command.
 *
 * @example
 * const counter: Ref<Counter> = cluster.get(Counter, 'visits');
 * const total: number = await counter.add(1);
 */
export type Ref<T> = RefMethods<T> & RefFaces<T>;
