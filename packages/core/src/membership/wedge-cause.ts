/**
 * WedgeCause is why a view ends, as the number in the `wedged` cell of a row: about whom, and whether that member leaves, is
 * lost, or lets others in. Who hears of it from a third member first can so name the one that matters.
 */

const KINDS = ['leaves', 'lost', 'admits'] as const;

export type WedgeKind = (typeof KINDS)[number];

/** The value of `wedged` of a view that ends because of `rank`: at least 1. */
export function wedgeCause(kind: WedgeKind, rank: number): number {
  return KINDS.length * rank + KINDS.indexOf(kind) + 1;
}

/** About whom. */
export function causeRank(wedged: number): number {
  return Math.floor((wedged - 1) / KINDS.length);
}

/** What that member does, or what has become of it. */
export function causeKind(wedged: number): WedgeKind | undefined {
  return KINDS[(wedged - 1) % KINDS.length];
}
