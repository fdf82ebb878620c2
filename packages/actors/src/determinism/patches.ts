/**
 * The patches of the guard: each global that differs between replicas is replaced by a wrapper that refuses inside
 * guarded handlers and is the original everywhere else.
 *
 * The modules of Node share these objects, so most patches cover `import { randomUUID } from 'node:crypto'` too. Named imports
 * of Node's modules are copies, which Node renews when asked to. Left alone is what Node itself calls by its public name
 * (`process.nextTick`), what was taken from a global before the guard was up (`const { random } = Math`), and the rest of
 * the world (files, the environment, the locale): the guard finds slips, it is no sandbox.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { GuardedDate, OriginalDate, USE_NOW } from './guarded-date.js';
import { refuseInHandler } from './guarded-handler.js';

const USE_RANDOM = 'use ctx.random(), which gives the same numbers at every replica';
const USE_ID = 'use ctx.id(), which gives the same unique text at every replica';
const PASS_SECRET =
  'use ctx.random() or ctx.id(); a secret is drawn by the caller, who passes it as an argument';
const CALL_LATER = 'handlers are synchronous; wait outside of the actor, and call it again then';
const PASS_ANSWER =
  'handlers are synchronous; fetch outside of the actor, and pass it what came as an argument';
const MEASURE_OUTSIDE = `${USE_NOW}; durations are measured outside of handlers`;

type Patch = readonly [holder: object, name: string, use: string, instead: string];

function patches(): Patch[] {
  const { Temporal } = globalThis as { readonly Temporal?: { readonly Now: object } };
  return [
    [OriginalDate, 'now', 'Date.now()', USE_NOW],
    [GuardedDate as object, 'now', 'Date.now()', USE_NOW],
    [Math, 'random', 'Math.random()', USE_RANDOM],
    [performance, 'now', 'performance.now()', MEASURE_OUTSIDE],
    // The wrapper of a function has its properties as they are then: those first.
    [process.hrtime, 'bigint', 'process.hrtime.bigint()', MEASURE_OUTSIDE],
    [process, 'hrtime', 'process.hrtime()', MEASURE_OUTSIDE],
    ...TIMERS.map((name): Patch => [globalThis, name, `${name}()`, CALL_LATER]),
    ...TIMERS.map((name): Patch => [timers, name, `${name}()`, CALL_LATER]),
    ...TIMERS.map((name): Patch => [timersPromises, name, `${name}() of node:timers/promises`, CALL_LATER]),
    [globalThis, 'queueMicrotask', 'queueMicrotask()', CALL_LATER],
    [globalThis, 'fetch', 'fetch()', PASS_ANSWER],
    [globalThis.crypto, 'randomUUID', 'crypto.randomUUID()', USE_ID],
    [globalThis.crypto, 'getRandomValues', 'crypto.getRandomValues()', PASS_SECRET],
    [crypto, 'randomUUID', 'randomUUID() of node:crypto', USE_ID],
    ...['randomBytes', 'randomInt', 'randomFill', 'randomFillSync'].map((name): Patch => [
      crypto,
      name,
      `${name}() of node:crypto`,
      PASS_SECRET,
    ]),
    // Newer versions of Node have it.
    ...(Temporal === undefined ? [] : Object.getOwnPropertyNames(Temporal.Now)).map((name): Patch => [
      Temporal!.Now,
      name,
      `Temporal.Now.${name}()`,
      USE_NOW,
    ]),
  ];
}

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];

/** Puts all of them in place. Returns what takes them away again. */
export function applyPatches(): () => void {
  // The same function under two names stays the same under both.
  const wrappers = new Map<unknown, unknown>();
  const undos = patches().map(patch => patchMethod(wrappers, ...patch));
  // A test with a clock of its own has put its Date there, and means it.
  if (Date === OriginalDate)
    undos.push(
      replace(globalThis, 'Date', GuardedDate),
      replace(OriginalDate.prototype, 'constructor', GuardedDate),
    );
  syncBuiltinESMExports();
  return () => {
    for (const undo of undos.reverse()) undo();
    syncBuiltinESMExports();
  };
}

function patchMethod(wrappers: Map<unknown, unknown>, ...[object, name, use, instead]: Patch): () => void {
  const owner = ownerOf(object, name);
  if (owner === undefined) return nothing; // this version of Node does not have it
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return nothing;
  if (!wrappers.has(original)) wrappers.set(original, wrapperOf(original, use, instead));
  return replace(owner, name, wrappers.get(original));
}

function wrapperOf(original: CallableFunction, use: string, instead: string): unknown {
  // A method, because it is no constructor, has `this`, and has no prototype of its own, as the originals.
  const { wrapper } = {
    wrapper(this: unknown, ...args: unknown[]): unknown {
      refuseInHandler(use, instead);
      return Reflect.apply(original, this, args);
    },
  };
  return Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
}

/** Whoever has that property: the object or what it inherits from. */
function ownerOf(object: object, name: string): object | undefined {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null;
  return owner ?? undefined;
}

/** Returns what puts it back, unless somebody else has put another one in its place since: that one stays. */
function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)!;
  if (!before.configurable) return nothing;
  const { enumerable = false } = before;
  Object.defineProperty(owner, name, { configurable: true, writable: true, enumerable, value });
  return () => {
    if (Object.getOwnPropertyDescriptor(owner, name)?.value === value)
      Object.defineProperty(owner, name, before);
  };
}

function nothing(): void {
  // There was nothing to replace, so there is nothing to put back.
}
