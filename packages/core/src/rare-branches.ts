/**
 * Rare branches are the ways through the protocol that life takes once in a million view changes, and a simulator whenever
 * it likes. Each is a choice that is always allowed: to be early, to be late, to say nothing where nothing is promised. The
 * code asks at such a place whether to take it; in production nobody ever does.
 *
 * A place is worth a name where being lucky there hides mistakes elsewhere: who is never told late never shows whether
 * others rely on it.
 */

export const RARE_BRANCHES = [
  /** What another one's wedge or a suspicion calls for is done a turn later; the view goes on as long. */
  'ends its view late',
  /** A member looks at the votes of the others a turn later. */
  'votes late',
  /** A member proposes although an older one is to go first: once in a view. */
  'proposes out of turn',
  /** A proposer leaves its ballot to itself, whatever came of it, and tries again when it has waited: the first time in a view. */
  'gives its ballot up',
  /** Keys that came are looked at a turn later. */
  'takes keys late',
  /** Who is not in the next view is told by nobody, and finds out by the silence. */
  'keeps what is decided to itself',
  /** A view that nobody needs any more is kept for a turn longer. */
  'keeps a former view',
] as const;

export type RareBranch = (typeof RARE_BRANCHES)[number];

/** Whether to take a rare branch now. */
export type TakesBranch = (branch: RareBranch) => boolean;

/** As in production. */
export const TAKES_NONE: TakesBranch = () => false;
