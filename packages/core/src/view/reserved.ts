/**
 * Which members may hold replicas of which actor type. A type may name its nodes: then only those hold it. And a node that any type
 * names is reserved: it holds no type that does not name it. So a user who gives some machines to one type says so at that type alone,
 * and nothing else comes to lie on them. A node may be named before it exists.
 */

/** What an actor type says of nodes. */
export interface NamesNodes {
  /** Ids of the only members that hold replicas of it; none: whichever no type names. */
  readonly nodes: readonly string[];
}

/** Whether the member `id` may hold replicas of `type`, one of `types`. */
export function mayHold(types: readonly NamesNodes[], type: number, id: string): boolean {
  const named = types[type]!.nodes;
  return named.length > 0 ? named.includes(id) : !types.some(({ nodes }) => nodes.includes(id));
}
