/**
 * A Group is the demo's members, wherever they run: as processes of their own (process-group.ts) or all in this one
 * (one-process-group.ts). It goes through its methods in the order in which they stand here, once.
 */
import type { View } from '@bowecho/actors';
import type { FeedResult } from './feed.js';
import type { Flights } from './flights.js';
import type { Usage } from './usage.js';
import type { Testimony } from './verdict.js';

/** What came of the feed; `members` has what each sent of its share, in the order of the shares. */
export interface GroupFed {
  readonly members: readonly FeedResult[];
  readonly usages: readonly Usage[];
}

export interface Group {
  /**
   * Resolves with the view of the members when all have it, and their shares of the flights.
   *
   * @throws Error if they cannot get there, or are interrupted on the way
   */
  ready(flights: Flights): Promise<ViewSeen>;

  /**
   * Has all members tell the board about their shares, at once.
   *
   * @param onProgress hears now and then how many flights are answered, of all members together
   * @throws Error if a member fails or is lost
   */
  feed(onProgress: (answered: number) => void): Promise<GroupFed>;

  /** Asks each replica for everything. */
  testify(): Promise<readonly Testimony[]>;

  /** Has all members leave, whatever came before. */
  end(): Promise<void>;
}

/** The part of a view that is shown. */
export type ViewSeen = Pick<View, 'id' | 'members'>;
