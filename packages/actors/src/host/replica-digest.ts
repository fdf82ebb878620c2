/** One digest over all instances of an actor type at one member; equal where the states are equal, in whatever order. */
import { hash64 } from '../state/hash.js';
import type { Replica } from './replica.js';

/** Hex, 16 digits. */
export function digestOfReplicas(replicas: readonly Replica[]): string {
  const lines = replicas.flatMap(replica =>
    [...replica.keptKeys()].map(key => `${key}\0${replica.digest(key)}`),
  );
  return hash64(lines.sort().join('\n')).toString(16).padStart(16, '0');
}
