/**
 * The file of a world that was shrunk: JSON, the world as `@bowecho/testing` has it, and how many members it has where
 * that was said.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Finding } from '../doctor/rdma-package.js';
import type { NodesOption, ShrunkWorld } from './testing-package.js';

export type WorldFile = ShrunkWorld & NodesOption;

/** Undefined where it is written, else why not. */
export function writeWorld(file: string, world: WorldFile): string | undefined {
  try {
    writeFileSync(file, `${JSON.stringify(world, null, 2)}\n`);
    return undefined;
  } catch (error) {
    return `the world cannot be written to '${file}': ${(error as Error).message}`;
  }
}

/** @param profiles those that there are */
export function readWorld(file: string, profiles: readonly string[]): Finding<{ readonly world: WorldFile }> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { reason: `--world cannot be read: ${(error as Error).message}` };
  }
  const world = parse(text);
  if (world !== undefined && isWorld(world, profiles)) return { world };
  return { reason: `'${file}' is no world: --world takes a file that --shrink has written` };
}

/** Undefined where it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isWorld(value: unknown, profiles: readonly string[]): value is WorldFile {
  const { profile, seed, hazards, faults, nodes } = Object(value) as Partial<
    Record<keyof WorldFile, unknown>
  >;
  return (
    profiles.includes(profile as string) &&
    Number.isSafeInteger(seed) &&
    typeof hazards === 'object' &&
    hazards !== null &&
    Array.isArray(faults) &&
    (nodes === undefined || (Number.isSafeInteger(nodes) && (nodes as number) > 1))
  );
}
