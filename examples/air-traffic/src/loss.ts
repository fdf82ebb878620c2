/**
 * A Loss is what it meant to the group that one of its members was killed: when the others went on, and how long their
 * callers waited. Members measure with their own clocks, which on one machine are one clock.
 */
import { formatCount } from './format.js';
import type { ViewSeen } from './group.js';

export interface Loss {
  readonly member: string;
  /** How many flights were answered when it was killed, of all members together, as far as the launcher had heard. */
  readonly answered: number;
  /** The first view without it. */
  readonly view: ViewSeen;
  /** From the kill until that view ran at all of its members, milliseconds. */
  readonly viewAfterMs: number;
  /** The longest time between two answers at one of the others around it; undefined if they had no calls by then. */
  readonly pauseMs: number | undefined;
  /** Flights of its share that the board has: the first so many, answered or not. */
  readonly applied: number;
  /** The rest of its share, which was shared out among those who were there by then. */
  readonly takenOver: number;
  /** Its return as another process; undefined where it did not come back. */
  readonly comeback: Comeback | undefined;
}

/** A member that was started again, and joined the others while they sent. */
export interface Comeback {
  /** The first view with it. */
  readonly view: ViewSeen;
  /** From the start of its process until that view ran at it, milliseconds. */
  readonly afterMs: number;
}

/** More members than that are counted and not listed, for the sake of the line. */
const MOST_LISTED = 3;

/** `view 1 of n2, n3` */
export function viewText({ id, members }: ViewSeen): string {
  const who = members.length > MOST_LISTED ? `${members.length} members` : members.join(', ');
  return `view ${id} of ${who}`;
}

/** What became of the part that the lost member was to send, which had so many flights. */
export function partingText({ member, applied, takenOver }: Loss, flights: number): string {
  const through = applied === flights ? 'all' : formatCount(applied);
  const rest = takenOver === 0 ? '' : '; the rest is shared out';
  return `${member} had got through ${through} of its ${formatCount(flights)} flights${rest}`;
}

/** `n1 is back: view 2 of n2, n3, n1 runs, 612 ms after its start` */
export function comebackText(member: string, { view, afterMs }: Comeback): string {
  return `${member} is back: ${viewText(view)} runs, ${ms(afterMs)} after its start`;
}

/** What the report says of a loss, in lines. */
export function lossLines(loss: Loss): string[] {
  const { member, answered, view, viewAfterMs, pauseMs, takenOver, comeback } = loss;
  const pause =
    pauseMs === undefined ? 'no caller waited' : `the longest pause of a caller was ${ms(pauseMs)}`;
  return [
    `${member} was killed after ${formatCount(answered)} flights; ${viewText(view)} ran ${ms(viewAfterMs)} later`,
    `${pause}; ${formatCount(takenOver)} flights were shared out`,
    ...(comeback === undefined ? [] : [comebackText(member, comeback)]),
  ];
}

/**
 * The longest time between two events that follow one another, of those times that overlap with the time from `from` to
 * `to`; undefined if there is none.
 *
 * @param times of the events, ascending
 */
export function longestGap(times: Float64Array, from: number, to: number): number | undefined {
  let longest: number | undefined;
  for (let i = 1; i < times.length; i++) {
    const [start, end] = [times[i - 1]!, times[i]!];
    if (end < from || start > to) continue;
    longest = Math.max(longest ?? 0, end - start);
  }
  return longest;
}

function ms(millis: number): string {
  return `${formatCount(millis)} ms`;
}
