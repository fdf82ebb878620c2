/**
 * ViewCoverage counts what view changes came to in a run: every step of the membership machine, and the situations that
 * the rules of docs/protocol.md exist for. A batch of runs in which one of them never came about has not tested its rule
 * (C15). Rare branches of the protocol stand in the same table; worlds count them themselves.
 */
import {
  RARE_BRANCHES,
  membershipMachine,
  type MembershipEvent,
  type StateChange,
  type View,
  type ViewRecord,
} from '@bowecho/core';
import { engineOf } from './member-internals.js';
import { Observer } from './observer.js';
import type { World } from './world.js';

export const VIEW_SITUATIONS = [
  /** A view ended by a record that loses one member; several; lets one go; several; loses some and lets others go. */
  'one lost',
  'several lost',
  'one leaves',
  'several leave',
  'loss and leave together',
  /** Everybody who was left went on purpose. */
  'everybody leaves',
  /** Decided under the first ballot of another member than the oldest; under a ballot after the first of its owner. */
  'decided by another than the oldest',
  'decided under a later ballot',
  /** Somebody was left out who had not been wedged by anybody else. */
  'left out while it ran',
  /** A view entered with messages left over from the one before; with frames handed up already that come again. */
  'leftovers',
  'handed up already',
  /** A view entered whose members include one that is suspected. */
  'a view that starts with a suspicion',
  /** A view that ended before it ran, at some member. */
  'a view that never ran',
  /** The third view or a later one. */
  'a third view',
  /** A group of one, as what is left. */
  'a group of one is left',
  /** A view ended by a record that lets one in; several; somebody in while somebody is lost. */
  'one joins',
  'several join',
  'a join and a loss together',
  /** Somebody was let in with messages that it passes over. */
  'a joiner passes over',
] as const;

export type ViewSituation = (typeof VIEW_SITUATIONS)[number];

/** By situation, by step of the machine (`from --> to: event`), and by rare branch: how often. */
export type ViewCounts = Record<string, number>;

/** All steps of the machine, as the keys of `ViewCounts`; an assertion that fails is none that a run of shipped code may take. */
export const MEMBERSHIP_STEPS: readonly string[] = Object.entries(membershipMachine.config.states!).flatMap(
  ([from, { on = {} }]) =>
    Object.entries(on as Partial<Record<MembershipEvent, string>>)
      .filter(([event]) => event !== 'FAILED')
      .map(([event, to]) => `${from} --> ${to}: ${event}`),
);

export function noViewCounts(): ViewCounts {
  return Object.fromEntries(
    [...MEMBERSHIP_STEPS, ...VIEW_SITUATIONS, ...RARE_BRANCHES].map(name => [name, 0]),
  );
}

/** One line each, for people. */
export function describeViews(counts: ViewCounts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name.padEnd(42)} ${String(count).padStart(8)}`)
    .join('\n');
}

export class ViewCoverage extends Observer {
  constructor(
    private readonly world: World,
    private readonly counts: ViewCounts,
  ) {
    super();
  }

  override onStateChanged(node: number, { from, to, event }: StateChange): void {
    this.counts[`${from} --> ${to}: ${event}`]! += 1;
    const engine = engineOf(this.world.members[node]!);
    if (event === 'DECIDED') this.look(engine.manager.decided!, engine.view);
    if (event === 'LEFT_OUT' && from !== 'wedged') this.note('left out while it ran');
    if (event === 'VIEW_ENDED' && engine.view.vid > 0 && (from === 'connecting' || from === 'installing'))
      this.note('a view that never ran');
  }

  override onViewEntered(node: number, view: View): void {
    const { manager, multicasts } = engineOf(this.world.members[node]!);
    if (manager.suspected.some(reason => reason !== undefined))
      this.note('a view that starts with a suspicion');
    if (multicasts.some(multicast => (multicast?.unpublishedCount ?? 0) > 0)) this.note('leftovers');
    if (
      multicasts.some(multicast =>
        (multicast?.['ahead'] as Float64Array | undefined)?.some(count => count > 0),
      )
    )
      this.note('handed up already');
    if (view.vid >= 2) this.note('a third view');
    if (view.members.length === 1) this.note('a group of one is left');
  }

  override onJoined(node: number): void {
    const { multicasts } = engineOf(this.world.members[node]!);
    if (
      multicasts.some(multicast =>
        (multicast?.['ahead'] as Float64Array | undefined)?.some(count => count > 0),
      )
    )
      this.note('a joiner passes over');
  }

  private look({ fates, joiners, ballot }: ViewRecord, { members: { length: size } }: View): void {
    const lost = fates.filter(fate => fate === 'lost').length;
    const leaves = fates.filter(fate => fate === 'leaves').length;
    if (lost === 1) this.note('one lost');
    if (lost > 1) this.note('several lost');
    if (joiners.length === 1) this.note('one joins');
    if (joiners.length > 1) this.note('several join');
    if (joiners.length > 0 && lost > 0) this.note('a join and a loss together');
    if (leaves === 1) this.note('one leaves');
    if (leaves > 1) this.note('several leave');
    if (lost > 0 && leaves > 0) this.note('loss and leave together');
    if (!fates.includes('stays')) this.note('everybody leaves');
    if (ballot > 1 && ballot <= size) this.note('decided by another than the oldest');
    if (ballot > size) this.note('decided under a later ballot');
  }

  private note(situation: ViewSituation): void {
    this.counts[situation]! += 1;
  }
}
