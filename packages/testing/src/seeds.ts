/**
 * runSeeds runs many worlds under all checkers: the search for schedules that break the protocol. A seed is a number, and
 * the whole run follows from it and the profile's name; `replaySeed` shows one of them with its time-line.
 */
import { RARE_BRANCHES } from '@bowecho/core';
import { CheckError } from './check-error.js';
import { watchAll } from './checkers/watch-all.js';
import { FAULT_EFFECTS, noFaultCounts, type FaultCounts } from './faults/fault-counts.js';
import { NO_HAZARDS, noHazardCounts, type HazardCounts } from './hazards.js';
import { createScene, type ProfileName, type Scene, type SceneOptions } from './profiles.js';
import type { ReadCounts } from './simulated-reads.js';
import { Timeline } from './timeline.js';
import { ViewCoverage, noViewCounts, type ViewCounts } from './view-coverage.js';

const HAZARDS = Object.keys(NO_HAZARDS) as readonly (keyof HazardCounts)[];

export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly profile: ProfileName;
  /** How many members each world has; left out, as many as the profile draws. */
  readonly nodes?: number;
}

export interface SeedReport {
  readonly seeds: number;
  /** Wall time. */
  readonly seconds: number;
  /** Landings, turns that did something, and sends. */
  readonly events: number;
  readonly deliveries: number;
  /** How often each hazard struck, and how often a full queue refused a message. */
  readonly struck: HazardCounts;
  readonly refusals: number;
  /** How often each fault had an effect. */
  readonly fired: FaultCounts;
  /** What view changes came to, and which rare branches were taken. */
  readonly reached: ViewCounts;
  /** How reads were answered. */
  readonly reads: ReadCounts;
  /** Virtual time of all worlds together. */
  readonly virtualSeconds: number;
}

/**
 * Runs one seed under all checkers.
 *
 * @param reached what its view changes come to is added there
 */
export function runSeed(
  profile: ProfileName,
  seed: number,
  options: SceneOptions = {},
  reached?: ViewCounts,
): Scene {
  const scene = createScene(profile, seed, options);
  if (reached !== undefined) scene.world.observe(new ViewCoverage(scene.world, reached));
  watchAll(scene.world, (rank, set) => scene.applications[rank]!.digest(set));
  scene.world.runUntilQuiet(scene.maxEvents);
  return scene;
}

/**
 * Runs a range of seeds.
 *
 * @throws CheckError of the first seed that breaks a property
 * @example
 * const { seeds, seconds } = runSeeds({ from: 0, count: 1000, profile: 'small' });
 */
export function runSeeds({ from, count, profile, nodes }: SeedRange): SeedReport {
  const options: SceneOptions = nodes === undefined ? {} : { nodes };
  let events = 0;
  let deliveries = 0;
  let refusals = 0;
  const struck = noHazardCounts();
  const fired = noFaultCounts();
  const reached = noViewCounts();
  const reads: ReadCounts = { atOnce: 0, later: 0 };
  let virtualMicros = 0;
  const start = performance.now();
  for (let seed = from; seed < from + count; seed++) {
    const { world } = runSeed(profile, seed, options, reached);
    events += world.events;
    virtualMicros += world.now;
    refusals += world.refusals;
    for (const hazard of HAZARDS) struck[hazard] += world.struck[hazard];
    reads.atOnce += world.readCounts.atOnce;
    reads.later += world.readCounts.later;
    for (const branch of RARE_BRANCHES) reached[branch]! += world.taken[branch];
    for (const effect of FAULT_EFFECTS) fired[effect] += world.fired[effect];
    for (let rank = 0; rank < world.members.length; rank++) deliveries += world.history(rank).length;
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    seeds: count,
    seconds,
    events,
    deliveries,
    struck,
    refusals,
    fired,
    reached,
    reads,
    virtualSeconds: virtualMicros / 1e6,
  };
}

/**
 * Runs one seed again with its time-line. Returns what broke, or undefined where nothing did.
 *
 * @param print takes one line
 */
export function replaySeed(
  profile: ProfileName,
  seed: number,
  print: (line: string) => void,
  options: SceneOptions = {},
): CheckError | undefined {
  const { world, applications, maxEvents } = createScene(profile, seed, options);
  world.observe(new Timeline(world, print));
  watchAll(world, (rank, set) => applications[rank]!.digest(set));
  try {
    world.runUntilQuiet(maxEvents);
    return undefined;
  } catch (error) {
    if (error instanceof CheckError) return error;
    throw error;
  }
}
