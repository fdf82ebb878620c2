/** What the launcher and the member processes of the demo say to each other. */
import type { FeedResult } from './feed.js';
import type { ViewSeen } from './group.js';
import type { Range } from './share.js';
import type { Usage } from './usage.js';
import type { Testimony } from './verdict.js';

/** What the launcher tells a member, in this order; `stop` only while flights are sent. */
export type Order =
  | { readonly kind: 'prepare'; readonly share: Range }
  | { readonly kind: 'feed' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'testify' };

/** What a member answers: each order but `stop` with one of the kinds that follow, or with `failed`. */
export interface Answers {
  readonly ready: ViewSeen;
  readonly fed: { readonly result: FeedResult; readonly usage: Usage };
  readonly testimony: Testimony;
}

/** What a member says. After `failed` it ends. */
export type Message =
  | { [Kind in keyof Answers]: { readonly kind: Kind; readonly value: Answers[Kind] } }[keyof Answers]
  | { readonly kind: 'progress'; readonly answered: number }
  | { readonly kind: 'failed'; readonly sentence: string };
