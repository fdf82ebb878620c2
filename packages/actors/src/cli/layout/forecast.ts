/** Forecast is what becomes of a layout: how a group would be founded, and how it would go on without some of its members. */
import {
  foundingView,
  isMajority,
  layoutSubgroups,
  nextView,
  type Fate,
  type SubgroupSpec,
} from '@bowecho/core';
import { layoutOfView, type ClusterLayout } from '../../host/cluster-layout.js';

export interface Forecast {
  /** Undefined where no group could be founded. */
  readonly founded: ClusterLayout | undefined;
  /** The view that follows where some are lost; undefined where none are, or none follows. */
  readonly afterwards: ClusterLayout | undefined;
  /** Why there would be no group, or why it would stand still. */
  readonly missing: readonly string[];
}

/** @param without ids of those who are lost at once, all of them among `nodes` */
export function forecast(
  specs: readonly SubgroupSpec[],
  nodes: readonly string[],
  without: readonly string[],
): Forecast {
  const members = nodes.map(id => ({ id, incarnation: 1 }));
  const layout = layoutSubgroups(specs, members);
  if (!layout.adequate) return { founded: undefined, afterwards: undefined, missing: layout.missing };
  const view = foundingView(members, layout.subgroups);
  const founded = layoutOfView(view, []);
  if (without.length === 0) return { founded, afterwards: undefined, missing: [] };
  const left = nodes.length - without.length;
  if (!isMajority(left, nodes.length)) {
    const missing = [`more than half of the ${nodes.length} members must go on, and ${left} would be left`];
    return { founded, afterwards: undefined, missing };
  }
  const next = nextView(
    view,
    nodes.map((id): Fate => (without.includes(id) ? 'lost' : 'stays')),
  );
  return next.kind === 'next'
    ? { founded, afterwards: layoutOfView(next.view, []), missing: [] }
    : { founded, afterwards: undefined, missing: next.kind === 'inadequate' ? next.missing : [] };
}
