/**
 * A mutant is the shipped code with one bug planted: a patch of a prototype, in place for the length of one run. It is how
 * the checkers are checked; a checker that no mutant trips is decoration.
 */
import type { FoldApplication, Hazards, ProfileName } from '@bowecho/testing';

/** Takes a patch back. */
export type Restore = () => void;

export interface Mutant {
  /** The bug, in words. */
  readonly name: string;
  /** The checkers that may find it first. */
  readonly killers: readonly string[];
  /** The hazards that bring it out, where it is lost among all of them. */
  readonly hazards?: Hazards;
  /** The family of worlds where it shows; `small` where left out. */
  readonly profile?: ProfileName;
  /** Plants it. */
  readonly plant?: () => Restore;
  /** Or: a replica that is wrong by itself. */
  readonly createApplication?: (rank: number) => FoldApplication;
}

/** Runs with the bug in place, and takes it back whatever happens. */
export function withMutant<T>(mutant: Mutant, run: () => T): T {
  const restore = mutant.plant?.();
  try {
    return run();
  } finally {
    restore?.();
  }
}

/** Takes several patches back, the last one first. */
export function together(...restores: readonly Restore[]): Restore {
  return () => {
    for (const restore of [...restores].reverse()) restore();
  };
}

/** Replaces a method; `make` gets the original. Fails where there is no such method, so that a mutant cannot go stale. */
export function replaceMethod<T extends object, A extends unknown[], R>(
  type: { readonly prototype: T },
  name: string,
  make: (original: (this: T, ...args: A) => R) => (this: T, ...args: A) => R,
): Restore {
  const { prototype } = type;
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== 'function') throw new Error(`there is no method ${name} to break`);
  Reflect.set(prototype, name, make(original as (this: T, ...args: A) => R));
  return () => void Reflect.set(prototype, name, original);
}

/** Replaces a getter, under the same terms. */
export function replaceGetter<T extends object, R>(
  type: { readonly prototype: T },
  name: string,
  get: (this: T) => R,
): Restore {
  const { prototype } = type;
  const original = Object.getOwnPropertyDescriptor(prototype, name);
  if (original?.get === undefined) throw new Error(`there is no getter ${name} to break`);
  Object.defineProperty(prototype, name, { ...original, get });
  return () => void Object.defineProperty(prototype, name, original);
}
