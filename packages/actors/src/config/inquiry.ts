/**
 * An inquiry is how `bowecho layout` learns which actors a program has: it runs the program's file, and `createCluster` answers with
 * the layout that they ask for, in the place of making a member.
 *
 * Whoever inquires is kept under a registered symbol of the process: the command and the program may have loaded two copies of this
 * package.
 */
import type { SubgroupSpec } from '@bowecho/core';

/** Hears what the actors of a program ask for. */
type Inquirer = (specs: readonly SubgroupSpec[]) => void;

const INQUIRER = Symbol.for('@bowecho/actors: who asks which actors a program has');

/** From now on no cluster is made in this process; `inquirer` hears of its actors instead. */
export function inquire(inquirer: Inquirer): void {
  Reflect.set(globalThis, INQUIRER, inquirer);
}

/** Undefined where a program is to run. */
export function inquirer(): Inquirer | undefined {
  return Reflect.get(globalThis, INQUIRER) as Inquirer | undefined;
}
