/**
 * Bugs planted in how views end and follow one another: rules of the design that are left out, one by one. Each says which
 * checkers may find it; a bug that an assertion of core finds first is found by `no-halt`.
 */
import {
  EndNotes,
  Engine,
  Epoch,
  FailureDetector,
  Member,
  Multicast,
  RecordLayout,
  Table,
  ViewDecision,
  ViewEnd,
  ViewManager,
  type ControlMessage,
  type Heritage,
  type Proposal,
  type ReplicaSet,
  type ViewRecord,
  type Vote,
} from '@bowecho/core';
import { NO_HAZARDS } from '@bowecho/testing';
import { replaceGetter, replaceMethod, together, type Mutant, type Restore } from './mutant.js';

/** Changes what a multicast leaves behind. */
function changeHeritage(change: (heritage: Heritage) => Heritage): Restore {
  return replaceMethod<Multicast, [ArrayLike<number>], Heritage>(
    Multicast,
    'bequeath',
    original =>
      function (trim) {
        return change(original.call(this, trim));
      },
  );
}

/** The record that a member sees chosen, where so many votes are enough for it. */
function chosenBy(isEnough: (votes: number, decision: ViewDecision) => boolean): Restore {
  return replaceGetter(ViewDecision, 'chosen', function (this: ViewDecision): ViewRecord | undefined {
    const votes = this['votes'] as readonly Vote[];
    return votes.find(
      ({ accepted, record }) =>
        record !== undefined && isEnough(votes.filter(vote => vote.accepted === accepted).length, this),
    )?.record;
  });
}

function sizeOf(decision: ViewDecision): number {
  return decision['size'] as number;
}

/** Has every member propose as soon as it may, so that ballots meet ballots: safe by itself, and rare in the shipped code. */
function impatient(): Restore {
  return replaceMethod<ViewEnd, unknown[], void>(
    ViewEnd,
    'proposeIfDue',
    original =>
      function (...args) {
        const wedgedAt = this['wedgedAt'] as number;
        Reflect.set(this, 'wedgedAt', -1e12);
        original.apply(this, args);
        Reflect.set(this, 'wedgedAt', wedgedAt);
      },
  );
}

/** Makes the trims of another choice among the final counts of those who stay. */
function trimBy(choose: (...counts: number[]) => number): Restore {
  return replaceMethod<ViewEnd, [readonly number[]], Proposal['trims']>(
    ViewEnd,
    'trims',
    original =>
      function (staying) {
        original.call(this, staying); // reads the final counts
        const finals = this['finals'] as readonly Float64Array[];
        const notes = this['notes'] as EndNotes;
        return notes.sets.map(({ index, replicas, senders }: ReplicaSet) =>
          senders.map((_, sender) =>
            choose(
              ...replicas
                .filter(rank => staying.includes(rank))
                .map(rank => notes.finalsOf(index, finals[rank]!)[sender]!),
            ),
          ),
        );
      },
  );
}

export const VIEW_CHANGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'trims by the maximum',
    killers: ['no-halt', 'last-word', 'total-order', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () => trimBy(Math.max),
  },
  {
    name: 'trims one frame short',
    killers: ['no-halt', 'last-word', 'total-order', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () => trimBy((...counts) => Math.max(0, Math.min(...counts) - 1)),
  },
  {
    name: 'half of a view is enough to choose',
    killers: ['one-view', 'liveness', 'no-halt', 'settled', 'total-order'],
    profile: 'hostile',
    plant: () => {
      const restoreChosen = chosenBy((votes, decision) => votes * 2 >= sizeOf(decision));
      const restoreMajority = replaceGetter(ViewEnd, 'isMajority', function (this: ViewEnd) {
        return this.staying.length * 2 >= (this['size'] as number);
      });
      return together(restoreChosen, restoreMajority);
    },
  },
  {
    name: 'any vote chooses',
    killers: ['one-view', 'no-halt', 'settled', 'liveness', 'total-order'],
    profile: 'hostile',
    plant: () => chosenBy(() => true),
  },
  {
    name: 'a minority goes on',
    killers: ['one-view', 'no-halt', 'settled', 'liveness', 'total-order'],
    profile: 'faulty',
    plant: () => {
      const restoreChosen = chosenBy(() => true);
      const restoreMajority = replaceGetter(ViewEnd, 'isMajority', () => true);
      return together(restoreChosen, restoreMajority);
    },
  },
  {
    name: 'does not take an accepted record over',
    killers: ['one-view', 'no-halt', 'settled', 'liveness', 'total-order'],
    profile: 'faulty',
    hazards: NO_HAZARDS,
    plant: () => {
      const restoreProposals = impatient();
      const restoreCarryOn = replaceMethod<ViewDecision, [], void>(
        ViewDecision,
        'carryOn',
        original =>
          function () {
            const votes = this['votes'] as Vote[];
            const kept = [...votes];
            votes.forEach((vote, rank) => (votes[rank] = { ...vote, accepted: 0, record: undefined }));
            const mine = this.mine;
            original.call(this);
            const made = this.mine;
            kept.forEach((vote, rank) => (votes[rank] = vote));
            if (made !== mine) votes[this['myRank'] as number] = made;
          },
      );
      return together(restoreProposals, restoreCarryOn);
    },
  },
  {
    name: 'proposes under a higher ballot without promises',
    killers: ['one-view', 'no-halt', 'settled', 'liveness', 'total-order'],
    profile: 'hostile',
    plant: () => {
      const restoreProposals = impatient();
      const restoreCarryOn = replaceMethod<ViewDecision, [], void>(
        ViewDecision,
        'carryOn',
        () =>
          function () {
            const { fates, trims, layout, joiners } = (this['makeRecord'] as () => Proposal)();
            const accept = this['accept'] as (record: ViewRecord) => void;
            accept.call(this, { ballot: this['ballot'] as number, fates, trims, layout, joiners });
          },
      );
      return together(restoreProposals, restoreCarryOn);
    },
  },
  {
    name: 'proposes before those who stay have said their last word',
    killers: ['no-halt', 'last-word', 'total-order', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () => replaceGetter(ViewEnd, 'missingWords', () => []),
  },
  {
    name: 'wedges without its final counts',
    killers: ['no-halt', 'last-word', 'total-order', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<Multicast, [], Float64Array>(Multicast, 'finalCounts', () => () => new Float64Array(0)),
  },
  {
    name: 'takes a record whose bytes have not all landed',
    killers: ['one-view', 'no-halt', 'settled', 'liveness', 'total-order', 'last-word'],
    profile: 'hostile',
    plant: () => {
      const restoreRead = replaceMethod<RecordLayout, [Float64Array, number], ViewRecord | undefined>(
        RecordLayout,
        'read',
        original =>
          function (cells, ballot) {
            const whole = original.call(this, cells, ballot);
            if (whole !== undefined) return whole;
            const copy = cells.slice();
            const record: ViewRecord = {
              ballot,
              fates: Array.from(
                { length: this['members'] as number },
                (_, i) => (['lost', 'leaves', 'stays'] as const)[copy[1 + i]!] ?? 'lost',
              ),
              trims: (this['senders'] as readonly number[]).map(count =>
                Array.from({ length: count }, () => 0),
              ),
              layout: (this['senders'] as readonly number[]).map(() => []),
              joiners: [],
            };
            return record;
          },
      );
      const restorePush = replaceGetter(Table, 'changedNotesBytes', () => 0);
      return together(restoreRead, restorePush);
    },
  },
  {
    name: 'does not push what its counters vouch for',
    killers: ['settled', 'no-halt', 'last-word', 'liveness'],
    profile: 'faulty',
    plant: () => replaceGetter(Table, 'changedNotesBytes', () => 0),
  },
  {
    name: 'delivers up to the trim sender by sender',
    killers: ['total-order'],
    profile: 'hostile',
    plant: () =>
      replaceMethod<Multicast, [ArrayLike<number>?], number>(
        Multicast,
        'firstKnown',
        original =>
          function (limit) {
            if (limit === undefined) return original.call(this);
            const readers = this['readers'] as readonly { readonly delivered: number }[];
            return readers.findIndex(({ delivered }, sender) => delivered < limit[sender]!);
          },
      ),
  },
  {
    name: 'goes on before all up to the trim is delivered',
    killers: ['last-word', 'total-order', 'settled', 'liveness', 'fifo', 'no-halt'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<Multicast, [ArrayLike<number>], boolean>(Multicast, 'isDeliveredTo', () => () => true),
  },
  {
    name: 'sends leftovers twice',
    killers: ['fifo', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      changeHeritage(heritage => ({
        ...heritage,
        leftovers: [...heritage.leftovers, ...heritage.leftovers],
      })),
  },
  {
    name: 'forgets leftovers',
    killers: ['fifo', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () => changeHeritage(heritage => ({ ...heritage, leftovers: [] })),
  },
  {
    name: 'sends leftovers in another order',
    killers: ['fifo'],
    profile: 'faulty',
    plant: () => changeHeritage(heritage => ({ ...heritage, leftovers: [...heritage.leftovers].reverse() })),
  },
  {
    name: 'sends again what was delivered by the trim',
    killers: ['fifo', 'no-halt', 'settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<Multicast, [ArrayLike<number>], Heritage>(
        Multicast,
        'bequeath',
        original =>
          function (trim) {
            const heritage = original.call(this, trim);
            const [first] = heritage.leftovers;
            return first === undefined
              ? heritage
              : { ...heritage, leftovers: [first, ...heritage.leftovers] };
          },
      ),
  },
  {
    name: 'counts tickets anew in each view',
    killers: ['fifo'],
    profile: 'faulty',
    plant: () => changeHeritage(heritage => ({ ...heritage, tickets: 0 })),
  },
  {
    name: 'lets time begin anew in each view',
    killers: ['total-order'],
    profile: 'hostile',
    plant: () => changeHeritage(heritage => ({ ...heritage, lastTime: 0 })),
  },
  {
    name: 'hands up once more what it had handed up beyond the trim',
    killers: ['fifo'],
    profile: 'hostile',
    plant: () => changeHeritage(heritage => ({ ...heritage, ahead: heritage.ahead.map(() => 0) })),
  },
  {
    name: 'keeps all views that it has left behind',
    killers: ['within-limits', 'liveness'],
    profile: 'faulty',
    plant: () => replaceMethod<Member, [], void>(Member, 'retireFormer', () => () => undefined),
  },
  {
    name: 'does not close the memory of views that it has left behind',
    killers: ['within-limits'],
    profile: 'faulty',
    plant: () => replaceMethod<Epoch, [], void>(Epoch, 'close', () => () => undefined),
  },
  {
    name: 'refuses keys that come before it is in their view',
    killers: ['settled', 'liveness'],
    profile: 'small',
    plant: () =>
      replaceMethod<Member, [ControlMessage], string | undefined>(
        Member,
        'receiveControl',
        original =>
          function (message) {
            const isEarly = message.kind === 'keys' && message.vid > this.view.vid;
            return isEarly ? 'it is early' : original.call(this, message);
          },
      ),
  },
  {
    name: 'tells its row only to whom it was connected from the start',
    killers: ['settled', 'liveness'],
    profile: 'small',
    plant: () =>
      replaceMethod<Engine, [number, number, (set: number) => number], void>(
        Engine,
        'connected',
        original =>
          function (rank, memberPeer, shardPeer) {
            original.call(this, rank, memberPeer, shardPeer);
            (this['needsRow'] as Uint8Array)[rank] = 0;
            Reflect.set(this, 'hasNewPeers', false);
          },
      ),
  },
  {
    name: 'listens on to whom it suspects',
    killers: ['settled', 'liveness', 'one-view', 'no-halt', 'total-order', 'last-word', 'fifo', 'uniform'],
    profile: 'hostile',
    plant: () => replaceMethod<Table, [number], void>(Table, 'freeze', () => () => undefined),
  },
  {
    name: 'beats no more after a few times',
    killers: ['settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, [], void>(
        ViewManager,
        'beat',
        original =>
          function () {
            const table = this['table'] as Table;
            const { beat } = this['columns'] as { beat: number };
            if (table.read(table.myRow, beat) < 3) original.call(this);
          },
      ),
  },
  {
    name: 'never takes silence for anything',
    killers: ['settled', 'liveness'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<FailureDetector, [number, number], boolean>(
        FailureDetector,
        'isSilent',
        () => () => false,
      ),
  },
  {
    name: 'tells nobody that it is wedged',
    killers: ['settled', 'liveness', 'no-halt'],
    profile: 'faulty',
    plant: () => {
      let isWedging = false;
      const restoreWedge = replaceMethod<ViewEnd, unknown[], void>(
        ViewEnd,
        'wedge',
        original =>
          function (...args) {
            isWedging = true;
            original.apply(this, args);
            isWedging = false;
          },
      );
      const restoreRaise = replaceMethod<Table, [number, number], void>(
        Table,
        'raise',
        original =>
          function (cell, value) {
            if (!isWedging) original.call(this, cell, value);
          },
      );
      return together(restoreWedge, restoreRaise);
    },
  },
  {
    name: 'says of nobody why it is lost',
    killers: ['typed-errors'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, [number], string>(
        ViewManager,
        'describeLoss',
        () =>
          function (rank) {
            return `member ${rank} is lost: ${this.suspected[-1]}`;
          },
      ),
  },
  {
    name: 'forgets whom it suspected while the group came up',
    killers: ['settled', 'liveness', 'no-halt'],
    profile: 'faulty',
    plant: () =>
      replaceMethod<ViewManager, [number, string], void>(
        ViewManager,
        'suspect',
        original =>
          function (rank, reason) {
            if (this.isActive) original.call(this, rank, reason);
          },
      ),
  },
];
