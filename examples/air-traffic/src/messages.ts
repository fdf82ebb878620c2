/** What the launcher and the member processes of the demo say to each other. */
import type { FeedResult } from './feed.js';
import type { ViewSeen } from './group.js';
import type { Range } from './share.js';
import type { Usage } from './usage.js';
import type { Testimony } from './verdict.js';

/**
 * What the launcher tells a member: `prepare` first, then `feed`. If another member is lost meanwhile, `count`, `load` and
 * `feed` again. `stop` only while flights are sent; `testify` at the end.
 */
export type Order =
  | { readonly kind: 'prepare'; readonly share: Range }
  | { readonly kind: 'load'; readonly share: Range }
  | { readonly kind: 'feed' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'count' }
  | { readonly kind: 'testify' };

/** A view that runs at a member. */
export interface ViewRuns extends ViewSeen {
  /** Since when: milliseconds since 1970, with fractions. */
  readonly at: number;
}

/** What a member answers: each order but `stop` with one of these kinds, or with `failed`. */
export interface Answers {
  readonly ready: ViewSeen;
  readonly loaded: true;
  readonly fed: { readonly result: FeedResult; readonly usage: Usage };
  readonly count: number;
  readonly testimony: Testimony;
  /** No order asks for it: a view runs that is not the first. */
  readonly view: ViewRuns;
}

/** What a member says. After `failed` it ends. */
export type Message =
  | { [Kind in keyof Answers]: { readonly kind: Kind; readonly value: Answers[Kind] } }[keyof Answers]
  | { readonly kind: 'progress'; readonly answered: number }
  | { readonly kind: 'failed'; readonly sentence: string };
