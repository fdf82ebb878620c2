/**
 * ctx is what a handler may know beyond its state and its arguments: its key, the time, unique ids, random numbers, the
 * view. Every answer is a function of the delivery, so it is the same at every replica.
 *
 * It is an import and not a parameter. Handlers are synchronous, so at most one runs at a time in a process (simulated
 * members included), and a module variable says which; nothing like AsyncLocalStorage is needed. Outside a handler every
 * use throws, which also catches a `ctx` that is used after an `await`.
 *
 * The host fills one `HandlerFrame` per member again and again; entering a handler allocates nothing. What handlers do
 * behind `ctx`'s back (`Date.now`, `Math.random`) is not this module's matter.
 */
import { assert, BowechoError } from '@bowecho/core';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { hash32, hash64 } from './state/hash.js';

/** The membership that a handler runs in. */
export interface HandlerView {
  /** Grows by one with every change of membership. */
  readonly id: number;
  /** Ids of the members, oldest first. */
  readonly members: readonly string[];
  /** Members that the view before did not have. */
  readonly joined: readonly string[];
  /** Members of the view before that are gone. */
  readonly left: readonly string[];
}

/** One level of a log, called like pino's: `(message)` or `(object, message)`. */
export interface LogFunction {
  (message: string): void;
  (object: object, message?: string): void;
}

/** What is needed of a logger; pino fits, and so does `console`. */
export interface Log {
  readonly trace: LogFunction;
  readonly debug: LogFunction;
  readonly info: LogFunction;
  readonly warn: LogFunction;
  readonly error: LogFunction;
}

/** A generator of uniform numbers in [0, 1). */
export type RandomSource = Parameters<typeof uniformFloat64>[0];

/**
 * What the host says of the handler that runs. One object per member, filled again before each `enterHandler`, which
 * resets the last three fields.
 */
export interface HandlerFrame {
  key: string;
  /** Names the shard in the cluster, e.g. `bank/3`. */
  shardName: string;
  vid: number;
  /** Position of the delivery in its shard's order within the view. */
  ordinal: number;
  /** The delivery's time; in a query that of the last delivery. Microseconds since 1970. */
  timeMicros: number;
  isQuery: boolean;
  log: Log;
  view: HandlerView;
  /** Set by `ctx.destroy()`; the host acts on it after the command and forgets it after a throw. */
  destroyRequested: boolean;
  /** How many ids the handler has taken. */
  idCount: number;
  /** Made at the handler's first `ctx.random()`. */
  random: RandomSource | undefined;
}

/** What handlers import as `ctx`. Each member throws `OUTSIDE_HANDLER` where no handler runs. */
export interface Context {
  /** The key that this instance was got by. Parts of a composite key are separated by U+0000. */
  readonly key: string;
  /** The time of this delivery, the same at every replica; in a query, of the last delivery. A fresh Date per call. */
  now(): Date;
  /**
   * A text that no other call of `ctx.id()` in this cluster gives, the same at every replica.
   *
   * @throws BowechoError `READ_ONLY` in a query
   */
  id(): string;
  /**
   * A number in [0, 1) that is the same at every replica. For games and jitter, not for secrets: it can be predicted.
   *
   * @throws BowechoError `READ_ONLY` in a query
   */
  random(): number;
  /** The member's log, with the actor's name and key. Every replica logs. */
  readonly log: Log;
  /**
   * Ends this instance: after the command it is gone, and the next command to the key finds a new one. A command that
   * throws afterwards has not destroyed anything.
   *
   * @throws BowechoError `READ_ONLY` in a query
   */
  destroy(): void;
  /** The view that this command was delivered in. */
  readonly view: HandlerView;
}

let current: HandlerFrame | null = null;

/** Says that a handler starts. Pair it with `leaveHandler` in a `finally`. */
export function enterHandler(frame: HandlerFrame): void {
  assert(current === null, 'a handler is started inside of another one');
  frame.destroyRequested = false;
  frame.idCount = 0;
  frame.random = undefined;
  current = frame;
}

/** Says that the handler is over. */
export function leaveHandler(): void {
  assert(current !== null, 'no handler runs');
  current = null;
}

/** Whether a handler of any member in this process runs. */
export function isHandlerRunning(): boolean {
  return current !== null;
}

/** Runs `handler` with `ctx` answering from `frame`. */
export function runInHandler<R>(frame: HandlerFrame, handler: () => R): R {
  enterHandler(frame);
  try {
    return handler();
  } finally {
    leaveHandler();
  }
}

function frameFor(use: string): HandlerFrame {
  if (current === null) {
    throw new BowechoError(
      'OUTSIDE_HANDLER',
      `ctx.${use} was used outside a handler: ctx is for commands, queries and onViewChange while they run`,
    );
  }
  return current;
}

function commandFrameFor(use: string): HandlerFrame {
  const frame = frameFor(use);
  if (frame.isQuery) {
    throw new BowechoError(
      'READ_ONLY',
      `ctx.${use} was used in a query: queries run at one replica and change nothing`,
    );
  }
  return frame;
}

/** The delivery and the instance: unique per handler run in a cluster, as one delivery may run `onViewChange` of many keys. */
function nameOfRun({ shardName, key, vid, ordinal }: HandlerFrame): string {
  return `${shardName}\0${key}\0${vid}\0${ordinal}`;
}

/** The generator's 128 bits of state come from four hashes; a 32-bit seed would repeat after some 65,000 commands. */
function randomOf(frame: HandlerFrame): RandomSource {
  const name = nameOfRun(frame);
  // All four words zero would make it answer zero for ever.
  return xoroshiro128plusFromState([1, 2, 3, 4].map(seed => hash32(name, seed) | (seed === 1 ? 1 : 0)));
}

/**
 * The context of the handler that runs.
 *
 * @example
 * \@Command() hold(owner: string): string {
 *   const id = ctx.id();
 *   this.holds.set(id, { owner, until: ctx.now().getTime() + 60_000 });
 *   return id;
 * }
 */
export const ctx: Context = Object.freeze({
  get key(): string {
    return frameFor('key').key;
  },
  now(): Date {
    return new Date(Math.floor(frameFor('now()').timeMicros / 1000));
  },
  id(): string {
    const frame = commandFrameFor('id()');
    const { vid, ordinal, shardName, key } = frame;
    const instance = hash64(`${shardName}\0${key}`).toString(36);
    return [vid, ordinal, frame.idCount++].map(part => part.toString(36)).join('-') + `-${instance}`;
  },
  random(): number {
    const frame = commandFrameFor('random()');
    frame.random ??= randomOf(frame);
    return uniformFloat64(frame.random);
  },
  get log(): Log {
    return frameFor('log').log;
  },
  destroy(): void {
    commandFrameFor('destroy()').destroyRequested = true;
  },
  get view(): HandlerView {
    return frameFor('view').view;
  },
});
