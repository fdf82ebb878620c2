/**
 * What `bowecho sim` uses of `@bowecho/testing`, and how it is loaded. That package needs this one, so no type of it is named
 * here; and users have it among their development dependencies, so it is looked for from the folder where the command was
 * started. Where it is missing the reason takes its place.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding } from '../doctor/rdma-package.js';

/** What broke in a world. */
export interface Violation {
  /** Name of the checker. */
  readonly checker: string;
  readonly sentence: string;
  /** The observations that disagree, one line each. */
  readonly lines: readonly string[];
}

export interface CheckError extends Error {
  readonly violation: Violation;
}

export type Counts = Readonly<Record<string, number>>;

/** What some worlds came to. */
export interface SeedReport {
  readonly events: number;
  readonly deliveries: number;
  readonly refusals: number;
  readonly virtualSeconds: number;
  /** How often each hazard struck, each fault had an effect, each situation of a view change came about. */
  readonly struck: Counts;
  readonly fired: Counts;
  readonly reached: Counts;
}

/** A world as plain data, cut down to what it takes to fail. */
export interface ShrunkWorld {
  readonly profile: string;
  readonly seed: number;
  readonly checker: string;
  readonly sentence: string;
  readonly hazards: Counts;
  readonly faults: readonly object[];
}

export interface NodesOption {
  readonly nodes?: number;
}

export interface ReplayOptions extends NodesOption {
  /** What a time-line says to whoever wants to see it again. */
  readonly replay: string;
}

export interface TestingPackage {
  readonly PROFILE_NAMES: readonly string[];
  readonly CheckError: new (...args: never[]) => CheckError;
  /** Throws a CheckError. */
  runSeeds(range: { from: number; count: number; profile: string } & NodesOption): SeedReport;
  replaySeed(
    profile: string,
    seed: number,
    print: (line: string) => void,
    options: ReplayOptions,
  ): CheckError | undefined;
  shrinkSeed(profile: string, seed: number, options: NodesOption): ShrunkWorld | undefined;
  replayWorld(
    world: ShrunkWorld,
    print: (line: string) => void,
    options: ReplayOptions,
  ): CheckError | undefined;
}

const PACKAGE = '@bowecho/testing';

/** @param folder where a program would lie that imports it */
export async function loadTesting(folder: string): Promise<Finding<TestingPackage>> {
  try {
    const file = createRequire(join(folder, 'program.js')).resolve(PACKAGE);
    return (await import(pathToFileURL(file).href)) as TestingPackage;
  } catch (error) {
    const words = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    return {
      reason:
        `the package ${PACKAGE} cannot be loaded in ${folder} (${words}); \`npm install --save-dev ${PACKAGE}\` ` +
        'brings it to a project, and the command is to be started there',
    };
  }
}
