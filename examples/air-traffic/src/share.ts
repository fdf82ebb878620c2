/**
 * Shares: each member tells the board about one run of the record's flights, and together they tell about all. What a lost
 * member did not get through is shared out in the same way.
 */

/** The flights `from` up to, and not including, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The share of member number `index` of `members`. Shares follow one another and differ by one flight at most. */
export function shareOf(flights: number, members: number, index: number): Range {
  return partOf({ from: 0, to: flights }, members, index);
}

/** Part number `index` when a range is cut into so many parts, which follow one another and differ by one flight at most. */
export function partOf({ from, to }: Range, parts: number, index: number): Range {
  const cut = (at: number): number => from + Math.floor(((to - from) * at) / parts);
  return { from: cut(index), to: cut(index + 1) };
}

/** The first `count` flights of a range. */
export function firstOf({ from }: Range, count: number): Range {
  return { from, to: from + count };
}

export function sizeOf({ from, to }: Range): number {
  return to - from;
}
