/** Bugs planted in how members are let in: rules of docs/protocol.md, section 5, that are left out one by one. */
import {
  Multicast,
  ViewEnd,
  ViewManager,
  type Admissions,
  type MemberIdentity,
  type SharedHeritage,
  type View,
} from '@bowecho/core';
import { replaceGetter, replaceMethod, type Mutant, type Restore } from './mutant.js';

/** Changes what a replica that is new begins with. */
function changeShared(change: (multicast: Multicast, shared: SharedHeritage) => SharedHeritage): Restore {
  const { get } = Object.getOwnPropertyDescriptor(Multicast.prototype, 'shared')!;
  return replaceGetter(Multicast, 'shared', function (this: Multicast) {
    return change(this, get!.call(this) as SharedHeritage);
  });
}

export const JOIN_MUTANTS: readonly Mutant[] = [
  {
    name: 'begins a joiner with a time of its own',
    killers: ['total-order'],
    profile: 'hostile',
    plant: () => changeShared((_, { ahead }) => ({ ahead, lastTime: 0 })),
  },
  {
    name: 'tells a joiner nothing of what was handed up early',
    killers: ['fifo', 'settled'],
    profile: 'hostile',
    plant: () => changeShared((_, { lastTime, ahead }) => ({ lastTime, ahead: ahead.map(() => 0) })),
  },
  {
    name: 'lets in whom each member knows of, and not who is decided on',
    killers: ['one-view', 'settled', 'no-halt', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, unknown[], void>(
        ViewManager,
        'finish',
        original =>
          function (...args) {
            const viewEnd = this['viewEnd'] as ViewEnd;
            const view = this['view'] as View;
            const known = view.members.flatMap((_, rank) => viewEnd.admittedBy(rank));
            const record = viewEnd.decided;
            if (record !== undefined) Reflect.set(record, 'joiners', known.slice(0, 2));
            original.apply(this, args);
          },
      ),
  },
  {
    name: 'lays the next view out by itself, and not as it was decided',
    killers: ['one-view', 'settled', 'no-halt', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, unknown[], void>(
        ViewManager,
        'finish',
        original =>
          function (...args) {
            const record = (this['viewEnd'] as ViewEnd).decided;
            const stay = record?.fates.filter(fate => fate === 'stays').length ?? 0;
            // The youngest has no use for joiners, so it would leave them without replicas.
            if (record !== undefined && this['myRank'] === record.fates.length - 1)
              Reflect.set(
                record,
                'layout',
                record.layout.map(ranks => ranks.filter(rank => rank < stay)),
              );
            original.apply(this, args);
          },
      ),
  },
  {
    name: 'goes on with fewer replicas than a type must have',
    killers: ['no-halt', 'settled', 'liveness'],
    profile: 'hostile',
    plant: () => replaceGetter(ViewEnd, 'missingReplicas', () => []),
  },
  {
    name: 'lets nobody in where replicas are missing',
    killers: ['settled', 'liveness'],
    profile: 'hostile',
    plant: () => replaceGetter(ViewEnd, 'doorkeeper', () => undefined),
  },
  {
    name: 'lets in what a member says that is not wedged',
    killers: ['settled', 'liveness', 'one-view', 'no-halt'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, [MemberIdentity], string | undefined>(
        ViewManager,
        'admit',
        original =>
          function (joiner) {
            // It says yes, and no view ends for it.
            const problem = original.call(this, joiner);
            if (problem === undefined)
              ((this['admissions'] as Admissions).joiners as MemberIdentity[]).length = 0;
            return problem;
          },
      ),
  },
  {
    name: 'lets in nobody whose teacher is not the one that proposes',
    killers: ['settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewEnd, [number], readonly MemberIdentity[]>(
        ViewEnd,
        'admittedBy',
        original =>
          function (rank) {
            return rank === this['myRank'] && rank !== 0 ? original.call(this, rank) : [];
          },
      ),
  },
];
