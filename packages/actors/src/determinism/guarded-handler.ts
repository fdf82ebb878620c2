/**
 * Whether a guarded handler runs, and the refusal of what it may not use. A handler runs at every replica, so whatever
 * answers differently at each of them (clocks, random numbers) makes their states differ, and what happens later (timers)
 * happens outside of the order of commands.
 *
 * It is one variable of the module: handlers are synchronous, so at most one runs at a time in a process. It is apart from
 * the patches that ask it, because handlers of an unguarded member may run in the same process.
 */
import { BowechoError } from '@bowecho/core';
import { isHandlerRunning } from '../ctx.js';

let isGuarding = false;

/** Says that a guarded handler starts. Pair it with `leaveGuarded` in a `finally`. */
export function enterGuarded(): void {
  isGuarding = true;
}

/** Says that it is over. */
export function leaveGuarded(): void {
  isGuarding = false;
}

/** Runs what a handler may ask the library to do, though it uses a clock: logs. */
export function outsideGuard<R>(action: () => R): R {
  const before = isGuarding;
  isGuarding = false;
  try {
    return action();
  } finally {
    isGuarding = before;
  }
}

/**
 * Called first by whatever is not the same at every replica.
 *
 * @param use as a user writes it, e.g. `Date.now()`
 * @param instead what to do instead, an imperative
 * @throws BowechoError `NONDETERMINISTIC` inside a guarded handler
 */
export function refuseInHandler(use: string, instead: string): void {
  if (!isGuarding) return;
  const where = isHandlerRunning()
    ? 'in a handler, which runs at every replica and must do the same at all of them'
    : 'while an actor was made, by its constructor or for a field; every replica makes its own, and all must be the same, so ' +
      'set the field in a command';
  throw new BowechoError('NONDETERMINISTIC', `${use} was used ${where}: ${instead}`);
}
