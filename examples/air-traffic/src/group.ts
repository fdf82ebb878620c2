/**
 * A Group is the demo's members, wherever they run: as processes of their own (process-group.ts) or all in this one
 * (one-process-group.ts). It goes through its methods in the order in which they stand here, once.
 */
import type { View } from '@bowecho/actors';
import type { Flights } from './flights.js';
import type { Loss } from './loss.js';
import type { Range } from './share.js';
import type { Usage } from './usage.js';
import type { Testimony } from './verdict.js';

/** What came of the feed. */
export interface GroupFed {
  /** The flights that the board was told of; no two of these overlap. */
  readonly sent: readonly Range[];
  /** Of the members that were there to the end; one list for each time that a member sent flights. */
  readonly latencies: readonly Uint32Array[];
  /** How long flights were sent. */
  readonly elapsedMs: number;
  readonly usages: readonly Usage[];
  readonly losses: readonly Loss[];
}

export interface FeedListeners {
  /** Hears now and then how many flights are answered, of all members together. */
  readonly onProgress: (answered: number) => void;
  /** Hears what happened to members, in sentences. */
  readonly onNews: (sentence: string) => void;
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
   * @throws Error if a member fails, or is lost that was not to be
   */
  feed(listeners: FeedListeners): Promise<GroupFed>;

  /** Asks each replica that is left for everything. */
  testify(): Promise<readonly Testimony[]>;

  /** Has all members leave, whatever came before. */
  end(): Promise<void>;
}

/** The part of a view that is shown. */
export type ViewSeen = Pick<View, 'id' | 'members'>;
