/** What this process holds of the operating system: descriptors, and mappings of our memory. Nothing may grow unseen. */
import { readFileSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nextTurn } from './next-turn.js';

export interface Holdings {
  readonly descriptors: number;
  /** Of shared memory; the empty pages that a closed region leaves to its views are none. */
  readonly mappings: number;
}

export function holdings(): Holdings {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'utf8').split('memfd:bowecho').length - 1,
  };
}

/** Finalizers of one collection may make more garbage. */
const MOST_COLLECTIONS = 30;

/**
 * Collects garbage until `isDone`, or until more of it does not help. In a turn of its own each time: what `isDone` looks at
 * by a WeakRef is kept until the turn ends.
 */
export async function collectUntil(isDone: () => boolean): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < MOST_COLLECTIONS && !isDone(); i++) {
    await nextTurn();
    collect();
    await nextTurn();
  }
}
