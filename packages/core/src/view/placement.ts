/**
 * Placement is a user's own function that says which members replicate which shard of a type, in the place of the even layout. It is
 * asked when the group is founded and when somebody joins, and its answer is looked at before anything is made of it: who holds a shard
 * stays, because moving a replica moves its state; and new replicas go only to members that can have the state.
 *
 * Nothing rests on its being pure. A proposer's answer becomes part of the one decided record; a joiner whose own answer was another
 * one finds that it has learned the wrong shards, and tries again.
 */

/** What a placement is asked. Members are told by their index in `members`. */
export interface PlacementContext {
  /** The actor type. */
  readonly type: string;
  /** Ids of all members of the view that is to be, oldest first. */
  readonly members: readonly string[];
  /** By shard: who holds it now and goes on. They must be in the answer. */
  readonly held: readonly (readonly number[])[];
  /** Who may be given more: everybody at the founding, later those who join; of a type that names nodes, only those. */
  readonly free: readonly number[];
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** By shard, the replicas: indexes in `members`, in any order. */
export type Placement = (context: PlacementContext) => readonly (readonly number[])[];

/** By the name of an actor type. */
export type Placements = ReadonlyMap<string, Placement>;

export const NO_PLACEMENTS: Placements = new Map();

/** What a placement answers, by shard in ascending order; or what is wrong with it, in words. */
export function placedBy(placement: Placement, context: PlacementContext): readonly number[][] | string {
  const { type } = context;
  let answer: unknown;
  try {
    answer = placement(context);
  } catch (error) {
    return `the placement of ${type} threw ${String(error)}`;
  }
  const problem = problemOf(answer, context);
  if (problem !== undefined) return `the placement of ${type} ${problem}`;
  return (answer as readonly (readonly number[])[]).map(ranks => [...ranks].sort((a, b) => a - b));
}

function problemOf(answer: unknown, { held, ...context }: PlacementContext): string | undefined {
  if (!Array.isArray(answer) || answer.length !== held.length)
    return `gives ${Array.isArray(answer) ? `${answer.length} lists` : typeof answer}, and the type has ${held.length} shards`;
  for (const [shard, holders] of held.entries()) {
    const problem = problemOfShard(answer[shard], holders, context);
    if (problem !== undefined) return `gives shard ${shard} ${problem}`;
  }
  return undefined;
}

function problemOfShard(
  ranks: unknown,
  holders: readonly number[],
  { members, free, maxReplicas }: Omit<PlacementContext, 'held'>,
): string | undefined {
  if (!Array.isArray(ranks)) return `${typeof ranks} in the place of a list of members`;
  const strange: unknown = ranks.find(
    rank => !Number.isInteger(rank) || members[rank as number] === undefined,
  );
  if (strange !== undefined)
    return `member ${typeof strange === 'number' ? strange : typeof strange}, and there are ${members.length}`;
  const given = ranks as readonly number[];
  const twice = given.find((rank, at) => given.indexOf(rank) < at);
  if (twice !== undefined) return `member ${members[twice]!} twice`;
  const most = Math.max(maxReplicas, holders.length);
  if (given.length > most) return `${given.length} replicas, and it may have ${most}`;
  const moved = holders.find(rank => !given.includes(rank));
  if (moved !== undefined) return `no replica on ${members[moved]!}, which holds it`;
  const unready = given.find(rank => !holders.includes(rank) && !free.includes(rank));
  if (unready !== undefined) return `a replica on ${members[unready]!}, which may not get one`;
  return undefined;
}
