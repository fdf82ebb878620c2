/**
 * The next view, as pure functions: who stays, as a proposer sees it in the member table; the view that it proposes then; and the
 * view that follows from what is decided. How it is decided (one record, Paxos) is not their business. The layout is in the record,
 * so `nextView` may be improved, and need not give the same everywhere.
 *
 * Who stays is settled by the proposer's own suspicions first, and then by age: a member is kept if nobody kept suspects it and
 * it suspects nobody kept. So one cut link costs the younger of its two ends, and never the group. By age alone a dead member
 * that is the oldest would cost everybody who suspects it.
 *
 * Who stays becomes a replica of nothing that it did not hold before: its state would have to come from somewhere first. Who
 * joins fills up the shards that lack replicas: it has learned their state before it was let in. A view in which a shard has fewer
 * replicas than its type's minimum is inadequate: it must not come to be.
 */
import { assert } from '../assert.js';
import { NO_PLACEMENTS, placedBy, type Placements } from './placement.js';
import { mayHold } from './reserved.js';
import { assertView, type MemberIdentity, type ReplicaSet, type View } from './view.js';

/**
 * What becomes of a member of the view that ends. Who stays or leaves has agreed to the trim; who is lost must never act
 * in it again.
 */
export type Fate = 'lost' | 'leaves' | 'stays';

export type NextView =
  | { readonly kind: 'next'; readonly view: View }
  /** Everybody goes on purpose: there is none. */
  | { readonly kind: 'nobody' }
  /** Some shards would have too few replicas, or those who join cannot be placed: stay wedged. */
  | { readonly kind: 'inadequate'; readonly missing: readonly string[] };

/**
 * The ranks of a view of `size` members that go on together, oldest first, as `proposer` sees it. Leavers count as kept: they
 * still vote. The proposer may be left out itself, where somebody older suspects it.
 *
 * @param suspected by rank, by rank: whether the first suspects the second
 */
export function whoStays(
  size: number,
  suspected: readonly (readonly boolean[])[],
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

/** What is decided of a view's end, as far as the next view follows from it. */
export interface Succession {
  /** By rank: what becomes of each member. */
  readonly fates: readonly Fate[];
  /** By set: ranks in the next view. */
  readonly layout: readonly (readonly number[])[];
  /** Who is new, in the order of their ranks, which are the last. */
  readonly joiners: readonly MemberIdentity[];
}

/**
 * The view after `old`, as it was decided. Somebody must stay.
 *
 * That survivors keep what they hold, and get nothing that they do not, is checked here too: the state of a set that a member got
 * for nothing would be empty.
 */
export function viewAfter(old: View, { fates, layout, joiners }: Succession): View {
  assert(layout.length === old.sets.length, `a layout of ${layout.length} sets after ${old.sets.length}`);
  const staying = old.members.flatMap((_, rank) => (fates[rank] === 'stays' ? [rank] : []));
  const sets = old.sets.map((set, index) => {
    const replicas = layout[index]!;
    staying.forEach((before, rank) =>
      assert(
        replicas.includes(rank) === set.replicas.includes(before),
        `the layout after view ${old.vid} moves set ${index} at rank ${before}`,
      ),
    );
    return withSenders(old, { ...set, replicas });
  });
  const members = [...staying.map(rank => old.members[rank]!), ...joiners];
  const view: View = { vid: old.vid + 1, members, subgroups: old.subgroups, sets };
  assertView(view);
  return view;
}

/**
 * The view to be proposed after `old`.
 *
 * @param fates by rank: what becomes of each member
 * @param joiners who is new, in the order of their ranks, which are the last
 * @param placements who has one is placed by it; it is asked where somebody joins
 */
export function nextView(
  old: View,
  fates: readonly Fate[],
  joiners: readonly MemberIdentity[] = [],
  placements: Placements = NO_PLACEMENTS,
): NextView {
  const { members, subgroups } = old;
  assert(fates.length === members.length, `${fates.length} fates of ${members.length} members`);
  const staying = members.filter((_, rank) => fates[rank] === 'stays');
  if (staying.length === 0) return { kind: 'nobody' };
  const sets = survivingSets(old, staying);
  const orphans = sets.filter(({ replicas }) => replicas.length === 0);
  if (orphans.length > 0) return { kind: 'inadequate', missing: missingReplicas(old, orphans) };
  const all = [...staying, ...joiners];
  const filled = fill(old, sets, all, staying.length, placements);
  if (typeof filled === 'string') return { kind: 'inadequate', missing: [filled] };
  const short = filled.filter(({ subgroup, replicas }) => replicas.length < subgroups[subgroup]!.minReplicas);
  if (short.length > 0) return { kind: 'inadequate', missing: missingReplicas(old, short) };
  const placed = filled.map(set => withSenders(old, set));
  const view: View = { vid: old.vid + 1, members: all, subgroups, sets: placed };
  assertView(view);
  return { kind: 'next', view };
}

/**
 * The sets that `joiner` would replicate if it came in alone, by index, however many others a shard still lacks; or in words why it
 * cannot be placed. Where more come in at once it may be fewer of them.
 */
export function setsForJoiner(
  old: View,
  fates: readonly Fate[],
  joiner: MemberIdentity,
  placements: Placements = NO_PLACEMENTS,
): readonly number[] | string {
  const staying = old.members.filter((_, rank) => fates[rank] === 'stays');
  const sets = survivingSets(old, staying);
  const filled = fill(old, sets, [...staying, joiner], staying.length, placements);
  if (typeof filled === 'string') return filled;
  return filled.filter(({ replicas }) => replicas.includes(staying.length)).map(({ index }) => index);
}

/** The sets as they are without those who go, by rank among those who stay. */
function survivingSets({ members, sets }: View, staying: readonly MemberIdentity[]): readonly ReplicaSet[] {
  const newRanks = members.map(member => staying.indexOf(member));
  return sets.map(set => survivingSet(set, newRanks));
}

/** Gives joiners to the sets, senders aside; says in words why they cannot be placed, if they cannot. */
function fill(
  old: View,
  sets: readonly ReplicaSet[],
  members: readonly MemberIdentity[],
  first: number,
  placements: Placements,
): readonly ReplicaSet[] | string {
  const evenly = fillUp(old, sets, members, first);
  return members.length === first ? evenly : placeOwn(old, sets, evenly, members, first, placements);
}

function survivingSet(old: ReplicaSet, newRanks: readonly number[]): ReplicaSet {
  return { ...old, replicas: old.replicas.map(rank => newRanks[rank]!).filter(rank => rank >= 0) };
}

/**
 * Each set that lacks replicas gets one joiner after the other, always the one that holds fewest shards of that type; in passes,
 * so that every set has its second replica before any has its third. Only those who may hold the type.
 *
 * @param members of the next view
 * @param first the rank of the first joiner
 */
function fillUp(
  { subgroups }: View,
  sets: readonly ReplicaSet[],
  members: readonly MemberIdentity[],
  first: number,
): readonly ReplicaSet[] {
  const filled = sets.map(set => ({ set, replicas: [...set.replicas] }));
  const ranks = members.flatMap((_, rank) => (rank >= first ? [rank] : []));
  const most = Math.max(...subgroups.map(({ maxReplicas }) => maxReplicas));
  const load = subgroups.map(() => new Map(ranks.map(rank => [rank, 0])));
  const able = subgroups.map((_, type) => ranks.filter(rank => mayHold(subgroups, type, members[rank]!.id)));
  for (let size = 1; size < Math.min(most, members.length); size++) {
    for (const { set, replicas } of filled) {
      if (replicas.length > size || replicas.length >= subgroups[set.subgroup]!.maxReplicas) continue;
      const loads = load[set.subgroup]!;
      const free = able[set.subgroup]!.filter(rank => !replicas.includes(rank));
      if (free.length === 0) continue;
      const rank = free.reduce((best, each) => (loads.get(each)! < loads.get(best)! ? each : best));
      loads.set(rank, loads.get(rank)! + set.shards.length);
      replicas.push(rank);
    }
  }
  return filled.map(({ set, replicas }) => ({ ...set, replicas: replicas.sort((a, b) => a - b) }));
}

/** Has the types that have a placement of their own placed by it; says in words what is wrong with its answer, if anything is. */
function placeOwn(
  { subgroups }: View,
  survivors: readonly ReplicaSet[],
  evenly: readonly ReplicaSet[],
  members: readonly MemberIdentity[],
  first: number,
  placements: Placements,
): readonly ReplicaSet[] | string {
  const placed = [...evenly];
  for (const [type, { name, minReplicas, maxReplicas }] of subgroups.entries()) {
    const placement = placements.get(name);
    if (placement === undefined) continue;
    const sets = survivors.filter(({ subgroup }) => subgroup === type);
    assert(
      sets.every(({ shards }, shard) => shards.length === 1 && shards[0] === shard),
      `shards of ${name} share a multicast, and it has a placement of its own`,
    );
    const answer = placedBy(placement, {
      type: name,
      members: members.map(({ id }) => id),
      held: sets.map(({ replicas }) => replicas),
      free: members.flatMap(({ id }, rank) => (rank >= first && mayHold(subgroups, type, id) ? [rank] : [])),
      minReplicas,
      maxReplicas,
    });
    if (typeof answer === 'string') return answer;
    sets.forEach((set, shard) => (placed[set.index] = { ...set, replicas: answer[shard]! }));
  }
  return placed;
}

/** Where only some are senders, they are the oldest. */
function withSenders({ subgroups }: View, set: ReplicaSet): ReplicaSet {
  return { ...set, senders: set.replicas.slice(0, subgroups[set.subgroup]!.maxSenders) };
}

/** What those sets lack, in words. */
function missingReplicas({ subgroups }: View, sets: readonly ReplicaSet[]): readonly string[] {
  return sets.map(({ subgroup, shards, replicas: { length } }) => {
    const { name, minReplicas } = subgroups[subgroup]!;
    const which = `${name} ${shards.length === 1 ? 'shard' : 'shards'} ${shards.join(', ')}`;
    if (length === 0) return `${which}: no replica is left`;
    return `${which}: ${length} of at least ${minReplicas} replicas ${length === 1 ? 'is' : 'are'} left`;
  });
}
