/**
 * shrinkSeed makes a failing world small: it takes away faults by halves, then by smaller parts, then hazards one by one,
 * as long as the same checker still stops the run. What is left is a `ShrunkWorld`, plain data that can be kept as JSON
 * and played again with `replayWorld`, also when the seed alone would mean another world by then.
 */
import { CheckError } from './check-error.js';
import type { Fault } from './faults/fault.js';
import type { Hazards } from './hazards.js';
import { createScene, type ProfileName, type SceneOptions } from './profiles.js';
import { replaySeed, runSeed } from './seeds.js';

export interface ShrunkWorld {
  readonly profile: ProfileName;
  readonly seed: number;
  /** How many nodes, where that is not the profile's choice. */
  readonly nodes?: number;
  /** The checker that stops it, and what it says. */
  readonly checker: string;
  readonly sentence: string;
  readonly hazards: Hazards;
  readonly faults: readonly Fault[];
}

/** The smallest world found that fails as that seed does; undefined where it does not fail. */
export function shrinkSeed(
  profile: ProfileName,
  seed: number,
  options: SceneOptions = {},
): ShrunkWorld | undefined {
  const { world } = createScene(profile, seed, options);
  const first = violationOf(profile, seed, options);
  if (first === undefined) return undefined;
  const { checker } = first;
  let { hazards } = world;
  const fails = (candidates: readonly Fault[], using: Hazards): boolean =>
    violationOf(profile, seed, { ...options, hazards: using, faults: candidates })?.checker === checker;

  const faults = shrinkList(world.faults, candidates => fails(candidates, hazards));
  for (const hazard of Object.keys(hazards)) {
    const without = { ...hazards, [hazard]: 0 };
    if (fails(faults, without)) hazards = without;
  }
  const { sentence } = violationOf(profile, seed, { ...options, hazards, faults })!;
  const { nodes } = options;
  return { profile, seed, ...(nodes !== undefined && { nodes }), checker, sentence, hazards, faults };
}

/** Runs such a world again with its time-line. Returns what broke, or undefined where nothing does any more. */
export function replayWorld(
  { profile, seed, nodes, hazards, faults }: ShrunkWorld,
  print: (line: string) => void,
  options: SceneOptions = {},
): CheckError | undefined {
  const replay = 'SIM_WORLD=<its file> npx mocha --no-config packages/testing/dist/test/seeds.test.js';
  const given = nodes === undefined ? {} : { nodes };
  return replaySeed(profile, seed, print, { replay, ...given, ...options, hazards, faults });
}

/** A part of `items` that still fails, and does not without any one of its own. `fails(items)` must hold. */
export function shrinkList<T>(items: readonly T[], fails: (part: readonly T[]) => boolean): readonly T[] {
  let kept = items;
  let parts = 2;
  while (kept.length > 0) {
    const size = Math.ceil(kept.length / parts);
    const smaller = withoutOnePart(kept, size).find(fails);
    if (smaller !== undefined) {
      kept = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size > 1) {
      parts *= 2;
    } else {
      break;
    }
  }
  return kept;
}

/** `items` without the first `size`, without the next `size`, ... */
function withoutOnePart<T>(items: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.filter((__, i) => Math.floor(i / size) !== part),
  );
}

function violationOf(
  profile: ProfileName,
  seed: number,
  options: SceneOptions,
): CheckError['violation'] | undefined {
  try {
    runSeed(profile, seed, options);
    return undefined;
  } catch (error) {
    if (error instanceof CheckError) return error.violation;
    throw error;
  }
}
