/**
 * The next view, as a pure function of what the proposer saw in the member table: who stays, who may join, and whether
 * the result may be proposed at all. How it is *decided* (one record, Paxos) is not its business.
 *
 * Who stays is settled by the proposer's own suspicions first, and then by age: a member is kept if nobody kept suspects it and
 * it suspects nobody kept. So one cut link costs the younger of its two ends, and never the group. By age alone a dead member
 * that is the oldest would cost everybody who suspects it.
 */
import { assert } from '../assert.js';
import { layoutSubgroups, type SubgroupSpec } from './layout.js';
import { assertView, isMajority, type MemberIdentity, type View } from './view.js';

/** What the proposer saw: `suspected[i][j]` is whether the member of rank i suspects the one of rank j. */
export interface MembershipEvidence {
  readonly suspected: readonly (readonly boolean[])[];
  /** By rank: who goes on purpose. */
  readonly leaving: readonly boolean[];
  /** Who is ready to join, in the order they asked. */
  readonly joining: readonly MemberIdentity[];
}

export type NextView =
  | { readonly kind: 'next'; readonly view: View; readonly kept: readonly number[] }
  /** Too few of the old view are left for this proposer; another one may see more. */
  | { readonly kind: 'minority'; readonly kept: readonly number[]; readonly size: number }
  /** A shard would fall short: stay wedged and wait for joins. */
  | { readonly kind: 'inadequate'; readonly missing: readonly string[] };

/**
 * The ranks of a view of `size` members that go on together, oldest first, as `proposer` sees it. Leavers count as kept: they
 * still vote. The proposer may be left out itself, where somebody older suspects it.
 */
export function whoStays(
  size: number,
  suspected: MembershipEvidence['suspected'],
  proposer: number,
): readonly number[] {
  const kept: number[] = [];
  for (let rank = 0; rank < size; rank++) {
    assert(!suspected[rank]![rank], `rank ${rank} suspects itself`);
    if (suspected[proposer]![rank]) continue;
    if (kept.every(older => !suspected[older]![rank] && !suspected[rank]![older])) kept.push(rank);
  }
  return kept;
}

/** What the member of rank `proposer` would put into its record, from `old` and what it saw. */
export function nextView(
  old: View,
  proposer: number,
  evidence: MembershipEvidence,
  specs: readonly SubgroupSpec[],
): NextView {
  assertView(old);
  const size = old.members.length;
  const kept = whoStays(size, evidence.suspected, proposer);
  if (!isMajority(kept.length, size)) return { kind: 'minority', kept, size };

  const staying = kept.filter(rank => !evidence.leaving[rank]).map(rank => old.members[rank]!);
  const members = [...staying, ...joinersLetIn(evidence.joining, staying)];
  if (members.length === 0) return { kind: 'inadequate', missing: ['everybody leaves'] };

  const layout = layoutSubgroups(specs, members, old);
  if (!layout.adequate) return { kind: 'inadequate', missing: layout.missing };
  const view: View = { vid: old.vid + 1, members, subgroups: layout.subgroups };
  assertView(view);
  return { kind: 'next', view, kept };
}

/**
 * So many joiners that, were they all lost at once, those who stayed would still be a majority: fewer than half. One is
 * always let in, or a group of one could never grow.
 */
function joinersLetIn(
  joining: readonly MemberIdentity[],
  staying: readonly MemberIdentity[],
): readonly MemberIdentity[] {
  const fresh = joining.filter(joiner => !staying.some(member => member.id === joiner.id));
  return fresh.slice(0, Math.max(1, staying.length - 1));
}
