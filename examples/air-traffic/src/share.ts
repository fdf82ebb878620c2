/** Shares: each member tells the board about one run of the record's flights, and together they tell about all. */

/** The flights `from` up to, and not including, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The share of member number `index` of `members`. Shares follow one another and differ by one flight at most. */
export function shareOf(flights: number, members: number, index: number): Range {
  return {
    from: Math.floor((flights * index) / members),
    to: Math.floor((flights * (index + 1)) / members),
  };
}
