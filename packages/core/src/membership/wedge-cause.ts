/**
 * WedgeCause is why a view ends, as the number in the `wedged` cell of a row: for whom, and whether that member leaves
 * or is lost. Who hears of it from a third member first can so name the one that matters.
 */

/** The value of `wedged` of a view that ends because `rank` leaves: odd, and at least 1. */
export function wedgedByLeaving(rank: number): number {
  return 2 * rank + 1;
}

/** The value of `wedged` of a view that ends because `rank` is lost: even, and at least 2. */
export function wedgedByLoss(rank: number): number {
  return 2 * rank + 2;
}

/** For whom. */
export function causeRank(wedged: number): number {
  return Math.floor((wedged - 1) / 2);
}

export function isLoss(wedged: number): boolean {
  return wedged % 2 === 0;
}
