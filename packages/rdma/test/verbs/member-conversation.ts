/** What a test and its member processes say to each other. */
import type { ControlMessage } from '@bowecho/core';

export type ToMember =
  | {
      readonly do: 'begin';
      readonly rank: number;
      readonly members: number;
      /** How many messages it sends. */
      readonly messages: number;
      /** After so many deliveries it tells that it has `reached` them. */
      readonly milestone: number;
    }
  | { readonly do: 'hear'; readonly message: ControlMessage }
  | { readonly do: 'report' }
  /** Close everything; another `begin` may follow. */
  | { readonly do: 'close' }
  /** Hang up. The process has nothing to live for then. */
  | { readonly do: 'hangUp' };

export type FromMember =
  | { readonly tell: 'listens' }
  | { readonly tell: 'control'; readonly to: string; readonly message: ControlMessage }
  | { readonly tell: 'reached' }
  /** It runs a view after the first one; why that had ended. */
  | { readonly tell: 'goesOn'; readonly reason: string }
  | { readonly tell: 'report'; readonly report: MemberReport }
  | { readonly tell: 'closed'; readonly pinnedKiB: number };

/** What a member did, in parallel arrays. */
export interface MemberReport {
  readonly state: string;
  readonly waitingFor: readonly string[];
  readonly description: string;
  /** An invariant that broke. */
  readonly halted: string | undefined;
  readonly sent: number;
  /** What its fabric said. */
  readonly said: readonly string[];
  /** KiB of this process that cannot be paged out, as verbs need it. */
  readonly pinnedKiB: number;
  /** By delivery: which member of the first view had sent it, its view, place and time, its length and hash, and the state after it. */
  readonly sender: readonly number[];
  readonly vid: readonly number[];
  readonly ordinal: readonly number[];
  readonly time: readonly number[];
  readonly length: readonly number[];
  readonly hash: readonly number[];
  readonly digest: readonly number[];
}
