/**
 * ClusterLayout is who holds what in a view, as plain data: what `cluster.layout()` answers, and what `bowecho layout` shows of a group
 * that does not run yet. Members are told by their ids, because ranks change from view to view.
 */
import type { View } from '@bowecho/core';

/** Shards of a type that lie on the same members, and share one order. */
export interface ShardsLayout {
  readonly shards: readonly number[];
  /** Ids, oldest first. */
  readonly replicas: readonly string[];
  /** Those of them that send; the others forward their calls. */
  readonly senders: readonly string[];
}

export interface TypeLayout {
  readonly name: string;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** The only members that may hold it; none: whichever no type names. */
  readonly nodes: readonly string[];
  readonly shards: readonly ShardsLayout[];
}

export interface ClusterLayout {
  /** Id of the view. */
  readonly view: number;
  /** Ids, oldest first. */
  readonly members: readonly string[];
  readonly types: readonly TypeLayout[];
  /** What the next view lacks, so that this member's group stands still; empty where nothing is missing. */
  readonly missing: readonly string[];
}

/** @param missing what the view after it lacks, in words */
export function layoutOfView(
  { vid, members, subgroups, sets }: View,
  missing: readonly string[],
): ClusterLayout {
  const idsOf = (ranks: readonly number[]): string[] => ranks.map(rank => members[rank]!.id);
  const types = subgroups.map(({ name, minReplicas, maxReplicas, nodes }, type) => ({
    name,
    minReplicas,
    maxReplicas,
    nodes,
    shards: sets
      .filter(({ subgroup }) => subgroup === type)
      .map(({ shards, replicas, senders }) => ({
        shards,
        replicas: idsOf(replicas),
        senders: idsOf(senders),
      })),
  }));
  return { view: vid, members: members.map(({ id }) => id), types, missing };
}
