/** What is wrong with what `bowecho sim` was told, as far as the command line alone does not show it: before any world is run. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { nearestName } from '../../config/known-keys.js';
import type { SimOptions } from './sim-options.js';

/** In words; undefined if nothing is. */
export function simProblem(
  { profile, seeds = 1, timeline = false, shrink }: SimOptions,
  profiles: readonly string[],
): string | undefined {
  if (!profiles.includes(profile)) return profileProblem(profile, profiles);
  if (timeline && seeds > 1)
    return `--timeline shows one world, but --seeds is ${seeds}: leave --seeds out, or say 1`;
  return shrink === undefined ? undefined : problemOfTarget(shrink);
}

function profileProblem(profile: string, profiles: readonly string[]): string {
  const near = nearestName(profile, profiles);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return `--profile must be one of ${profiles.join(', ')}, but is '${profile}'${hint}`;
}

/** A run of hours should not end with a file that cannot be written. */
function problemOfTarget(file: string): string | undefined {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    return `--shrink must name a file, but '${file}' is a folder`;
  const folder = dirname(resolve(file));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return undefined;
  return `--shrink names '${file}', but there is no folder ${folder}`;
}
