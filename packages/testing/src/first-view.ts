/** The founders' view of a simulated group, as the shipped layout makes it. */
import {
  assert,
  foundingView,
  layoutSubgroups,
  type MemberIdentity,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';

/** One ordered actor type with one shard on every node. */
export function everywhere(nodes: number): SubgroupSpec {
  return {
    name: 'everywhere',
    mode: 'ordered',
    shards: 1,
    minReplicas: 1,
    maxReplicas: nodes,
    senders: 'all',
  };
}

/** The founders' view: `n0`, `n1`, ... */
export function firstView(nodes: number, subgroups: readonly SubgroupSpec[]): View {
  const members: MemberIdentity[] = Array.from({ length: nodes }, (_, rank) => ({
    id: `n${rank}`,
    incarnation: 1,
  }));
  const layout = layoutSubgroups(subgroups, members);
  assert(layout.adequate, layout.adequate ? '' : layout.missing.join('; '));
  return foundingView(members, layout.subgroups);
}
