/**
 * Hazards say how hostile a simulated world is: how often it uses each freedom that the fabric contract, a busy machine,
 * and the protocol itself give it. All of them off is a fast and tidy network; a checker that holds only there holds by luck.
 *
 * Each seed draws its own set (`drawHazards`), every hazard off in half of all worlds: hazards that are always on hide
 * each other, for example pauses that are so frequent that no two writes are ever under way together.
 */
import type { Random } from './random.js';

/** Every field is a probability between 0 and 1. */
export interface Hazards {
  /** A write lands in two or three pieces, cut at any byte, in order: the way of TCP. */
  readonly split: number;
  /** A write lands in two or three pieces, aligned cells of 8 bytes in any order: the way of NICs. */
  readonly scatter: number;
  /** In a turn, writes land between any two reads of a counter and between any two deliveries: shared memory. */
  readonly midTurn: number;
  /** The fabric takes only a part of a push batch. */
  readonly refuse: number;
  /** A turn comes late by up to `pauseMs`. */
  readonly pause: number;
  /** A turn is taken although nothing happened. */
  readonly idleTurn: number;
  /** A member takes a rare branch of the protocol, where this world draws that branch (rare-branches.ts). */
  readonly rareBranch: number;
}

export const NO_HAZARDS: Hazards = {
  split: 0,
  scatter: 0,
  midTurn: 0,
  refuse: 0,
  pause: 0,
  idleTurn: 0,
  rareBranch: 0,
};

/** How often each hazard struck: a batch of runs in which one never did has not tested it. */
export type HazardCounts = { -readonly [hazard in keyof Hazards]: number };

export function noHazardCounts(): HazardCounts {
  return { ...NO_HAZARDS };
}

/** A set of hazards for one world: each is on in half of all worlds. */
export function drawHazards(random: Random): Hazards {
  const draw = (most: number) => (random.chance(0.5) ? 0 : (most * random.between(1, 8)) / 8);
  return {
    split: draw(0.4),
    scatter: draw(0.4),
    midTurn: draw(0.3),
    refuse: draw(0.25),
    pause: draw(0.05),
    idleTurn: draw(0.2),
    rareBranch: draw(0.5),
  };
}
