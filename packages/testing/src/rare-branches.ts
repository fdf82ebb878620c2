/**
 * Which rare branches of the protocol the members of a world take (core's rare-branches.ts). A world draws which of them are
 * on at all, half of them, so that they do not hide each other; `Hazards.rareBranch` is how often one of those is taken.
 */
import { RARE_BRANCHES, type RareBranch, type TakesBranch } from '@bowecho/core';
import type { Random } from './random.js';

/** How often each was taken: a batch of runs in which one never was has not tested it. */
export type RareBranchCounts = Record<RareBranch, number>;

export function noRareBranchCounts(): RareBranchCounts {
  return Object.fromEntries(RARE_BRANCHES.map(branch => [branch, 0])) as RareBranchCounts;
}

/**
 * Draws the branches of one world.
 *
 * @param chance how often one that is on is taken: between 0 and 1
 * @param onTaken hears of each that is taken
 */
export function drawRareBranches(
  random: Random,
  chance: number,
  onTaken: (branch: RareBranch) => void,
): TakesBranch {
  const isOn = new Set(RARE_BRANCHES.filter(() => random.chance(0.5)));
  return branch => {
    if (!isOn.has(branch) || !random.chance(chance)) return false;
    onTaken(branch);
    return true;
  };
}
