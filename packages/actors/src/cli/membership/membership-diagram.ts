/**
 * The membership machine as a Mermaid diagram, drawn from the machine itself: what is printed is what runs. docs/protocol.md
 * has the same text, and a test compares the two.
 */
import { Membership, membershipMachine, type MembershipEvent, type MembershipState } from '@bowecho/core';

type Edges = Partial<Record<MembershipEvent, MembershipState>>;

const INDENT = '  ';
/** How Mermaid writes where a life begins and ends. */
const OUTSIDE = '[*]';

/** The lines of a `stateDiagram-v2`: every step, state by state, then the ends. */
export function membershipDiagram(): string[] {
  const all = Object.entries(membershipMachine.config.states!);
  const steps = all.flatMap(([from, { on = {} }]) =>
    Object.entries(on as Edges).map(([event, to]) => `${from} --> ${to}: ${event}`),
  );
  const ends = all.filter(([, { type }]) => type === 'final').map(([state]) => `${state} --> ${OUTSIDE}`);
  const edges = [`${OUTSIDE} --> ${Membership.initial.state}`, ...steps, ...ends];
  return ['stateDiagram-v2', ...edges.map(edge => `${INDENT}${edge}`)];
}
