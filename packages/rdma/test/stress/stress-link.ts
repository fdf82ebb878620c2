/** What a stress run and its members tell each other. */

/** What to hunt for, and so what the members do. */
export type Hunt = 'torn counters' | 'bytes after their counter' | 'lost wake-ups' | 'lost wake-ups of many';

/** Ways to break a fabric, to show that the hunt finds it. */
export type Mutant =
  | 'splits cells'
  | 'publishes the ends of a block before its middle'
  | 'publishes before the bytes'
  | 'looks once more before it sleeps';

export interface Orders {
  /** By name. */
  readonly fabric: string;
  readonly rank: number;
  readonly members: number;
  readonly hunt: Hunt;
  /** Pushes of blocks, bytes through each ring, or hits of each ball. */
  readonly count: number;
  readonly mutant: Mutant | undefined;
}

export interface Introduction {
  readonly address: string;
  readonly key: string;
}

/** From the run to a member. */
export type Request = { readonly introductions: readonly Introduction[] } | 'go' | 'look' | 'end';

export interface Look {
  readonly isAsleep: boolean;
  readonly isDone: boolean;
  /** There is something in its memory that it has not answered. */
  readonly isPending: boolean;
  /** By rank: the last ball that it hit there. */
  readonly hits: readonly number[];
  readonly sleeps: number;
  /** What its transport says of itself: the word of its doorbell, or its gauges. */
  readonly transport: readonly number[];
}

/** From a member to the run. */
export type Report =
  | { readonly introduction: Introduction }
  | 'ready'
  | { readonly done: number }
  | { readonly found: string }
  | { readonly look: Look };
