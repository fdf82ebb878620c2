/**
 * memberEnvironment gives the variables that say who a member is. They are those of the process, except where
 * `bowecho run` has all members in one process: there each member's program runs in a context of its own, which carries
 * that member's variables through everything that the program awaits.
 *
 * The context is kept under a registered symbol of the process. The command and the program may have loaded two copies of
 * this package, a global one and a local one, and the program must find what the command has put there.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Environment } from './environment.js';

/** One of several members of this process. */
interface MemberContext {
  readonly variables: Environment;
  /** Hears that somebody wants to know who this member is. */
  readonly onAsked: () => void;
}

const CONTEXTS = Symbol.for('@bowecho/actors: who a member of this process is');

/** The variables of the member whose program calls this. */
export function memberEnvironment(): Environment {
  const context = contexts()?.getStore();
  context?.onAsked();
  return context?.variables ?? process.env;
}

/**
 * Runs `program` as one of several members: it, and what it starts, sees `variables` over those of the process.
 *
 * @param onAsked is called each time that it looks
 */
export function runAsMember<T>(variables: Environment, onAsked: () => void, program: () => T): T {
  const known = contexts();
  const storage = known ?? new AsyncLocalStorage<MemberContext>();
  if (known === undefined) Reflect.set(globalThis, CONTEXTS, storage);
  return storage.run({ variables: { ...process.env, ...variables }, onAsked }, program);
}

/** Undefined where nobody has made one: a process of one member pays nothing for contexts. */
function contexts(): AsyncLocalStorage<MemberContext> | undefined {
  return Reflect.get(globalThis, CONTEXTS) as AsyncLocalStorage<MemberContext> | undefined;
}
