/**
 * Menu is what can happen next in an explored group, numbered: who may crash, then the turns of each member, then that
 * time passes.
 *
 * The turns of a member are numbered by mixed digits: for each other node how many writes land, how many messages
 * arrive, and whether it is told that the node is lost; then whom it takes for lost by mistake, and whether it sends a message.
 */

/** The steps of one kind of one member: numbered on from `first`. */
export interface Turns {
  readonly node: number;
  readonly first: number;
  readonly count: number;
  /** How many ways there are for each of: landings, arrivals and news by other node; then a mistake, then a message. */
  readonly ways: readonly number[];
  /** 1 where a turn without any of these would not come. */
  readonly skipped: number;
}

export interface Menu {
  readonly crashes: readonly number[];
  readonly turns: readonly Turns[];
  readonly isTime: boolean;
  /** Nothing is left that must happen some time. */
  readonly isQuiet: boolean;
  readonly length: number;
}

/** Whether nothing of a turn must happen some time: mistakes need not, nor messages. */
export function isOptional(ways: readonly number[]): boolean {
  return ways.slice(0, -2).every(count => count === 1);
}

/** Whose turn a step is; undefined where it is none. */
export function turnsOf({ turns }: Menu, step: number): Turns | undefined {
  return turns.find(({ first, count }) => step >= first && step < first + count);
}

/** Which way is taken of each. */
export function digitsOf({ first, ways, skipped }: Turns, step: number): readonly number[] {
  let left = step - first + skipped;
  return ways.map(count => {
    const digit = left % count;
    left = Math.floor(left / count);
    return digit;
  });
}
