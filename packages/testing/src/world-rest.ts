/**
 * When a group whose members beat is at rest: beats go on for ever, so its events never end. It is when nothing but beats can
 * happen: whoever lives is out of the group, or runs in one view with all of its members and keeps no other, and they
 * have delivered all that any of them has sent. Who wants to leave, and cannot because too few others hold what it holds, runs as the
 * others do, and does so for ever; and so do all wait, if nobody runs, who lack replicas for another view and can get them from nobody.
 */
import type { Member, Multicast } from '@bowecho/core';
import { engineOf, formerViews, framesDelivered, framesReceived } from './member-internals.js';
import type { SimulatedNode } from './simulated-node.js';

export function isAtRest(nodes: readonly SimulatedNode[], now: number): boolean {
  let isShort = false;
  const running: SimulatedNode[] = [];
  for (const node of nodes) {
    if (!node.isAlive) continue;
    if (node.frozenUntil > now) return false;
    const { member } = node.process;
    const { state } = member;
    if (state === 'running' || isHeldBack(member)) running.push(node);
    else if (state === 'wedged' && waitsFor(member, 'a replica (')) isShort = true;
    else if (state !== 'left' && state !== 'halted') return false;
  }
  const [first] = running;
  if (first === undefined) return true;
  if (isShort) return false;
  const { view } = first.process.member;
  return (
    view.members.length === running.length &&
    running.every(
      ({ process }) => process.member.view.vid === view.vid && formerViews(process.member) === 0,
    ) &&
    view.sets.every(({ index }) => isDelivered(running, index))
  );
}

function isHeldBack(member: Member): boolean {
  return member.state === 'leaving' && waitsFor(member, 'somebody else to hold what it holds (');
}

function waitsFor(member: Member, what: string): boolean {
  return member.waitingFor().some(each => each.startsWith(what));
}

/** Whether all replicas of a set have published all, and delivered all that any of them has. */
function isDelivered(nodes: readonly SimulatedNode[], set: number): boolean {
  const replicas = nodes
    .map(({ process }) => engineOf(process.member).multicasts[set])
    .filter(multicast => multicast !== undefined);
  const most = replicas.map(framesReceived).reduce((a, b) => a.map((count, i) => Math.max(count, b[i]!)));
  return replicas.every(
    (multicast: Multicast) =>
      multicast.unpublishedCount === 0 &&
      framesDelivered(multicast).every((count, sender) => count === most[sender]),
  );
}
