/**
 * Commands and queries are synchronous. That removes reentrancy, interleaving and most nondeterminism at once, so the
 * rule is kept at three doors: the compiler (`SyncOnly`), the definition (`asynchronousKind`, for callers without types)
 * and the run time (a thenable result rolls the command back; that door is the host's).
 */

/** Any method, whatever its parameters. */
export type AnyMethod = (...args: never[]) => unknown;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** Whether a result of type `R` may be a promise. `any` and `unknown` may be, but cannot be known to be. */
type MayBePromise<R> =
  IsAny<R> extends true ? false : [Extract<R, PromiseLike<unknown>>] extends [never] ? false : true;

/**
 * `F` itself, or the explanation why `F` cannot be a command or query. The tuple is written out here, because an editor
 * shows the name of an alias and not what it stands for.
 */
export type SyncOnly<F> = F extends (...args: never[]) => infer R
  ? MayBePromise<R> extends true
    ? [
        'A command or query is synchronous, it must not return a promise: await before the call and pass the result',
      ]
    : F
  : F;

/** Whether `F` is a method that can be a command or query. */
export type IsSync<F> = F extends (...args: never[]) => infer R
  ? MayBePromise<R> extends true
    ? false
    : true
  : false;

/** The names of the public synchronous methods of `T`. */
export type SyncMethodNames<T> = {
  [K in keyof T]: IsSync<T[K]> extends true ? K : never;
}[keyof T] &
  string;

/** The kind of a function that cannot run to its end in one go, or `undefined` for an ordinary one. */
export function asynchronousKind(method: object): string | undefined {
  switch (Object.prototype.toString.call(method)) {
    case '[object AsyncFunction]':
      return 'an async function';
    case '[object GeneratorFunction]':
      return 'a generator';
    case '[object AsyncGeneratorFunction]':
      return 'an async generator';
    default:
      return undefined;
  }
}
