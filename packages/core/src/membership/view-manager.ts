/**
 * ViewManager takes one member through one view: it connects, runs, notices that the view ends, and brings it to its
 * end. Each turn it asks the plain predicates that matter in the present state, and sends the membership machine an
 * event for one that has become true. `dispatch` is the only door, and it takes a reason.
 *
 * What ends a view is a suspicion, a leave, somebody who is to be let in, or a wedge seen in any row. Whom I suspect I do not listen to any more in
 * this view, and do not write to: his rows stay as my last snapshot has them, in all tables. What is decided then is the
 * matter of `ViewEnd`.
 */
import { assert } from '../assert.js';
import type { Outbox } from '../effects.js';
import type { Multicast } from '../multicast/multicast.js';
import type { ControlMessage, DecidedMessage, KeysMessage } from '../ports.js';
import type { RareBranch, TakesBranch } from '../rare-branches.js';
import { memberColumns, type MemberColumns } from '../table/member-columns.js';
import type { Table } from '../table/table.js';
import type { Placements } from '../view/placement.js';
import { nextView, viewAfter, type Fate } from '../view/next-view.js';
import { rankOfMember, type MemberIdentity, type View } from '../view/view.js';
import { Admissions } from './admissions.js';
import { describeFates, describeJoiners } from './describe-fates.js';
import { FailureDetector } from './failure-detector.js';
import { ReadLease } from './read-lease.js';
import { Membership, type MembershipEvent, type MembershipState } from './membership-machine.js';
import { ViewEnd, type EndNotes } from './view-end.js';
import type { ViewRecord } from './view-record.js';
import { waitingFor } from './waiting-for.js';
import { causeKind, causeRank, wedgeCause } from './wedge-cause.js';

/** Keys that have not come after so many suspicion times are a suspicion, too: who beats and says nothing more helps nobody. */
const KEYS_PATIENCE = 5;

/**
 * Who reaches more than half of the view, and yet sees no majority that would agree, waits so many suspicion times
 * before it halts: others may have noticed something that it is still to notice itself.
 */
const DISCORD_PATIENCE = 10;

/** What a member takes with it from one view to the next. */
export interface Standing {
  readonly membership: Membership;
  /** Why it is to go; undefined while it is not. */
  readonly leaveReason: string | undefined;
  /** With whom it was in that view, so that they hear each other in it still; nobody, if it was in none. */
  readonly acquaintances: readonly MemberIdentity[];
}

export class ViewManager {
  /** Whether my beat was due in the last turn. */
  hasBeaten = false;
  private membership: Membership;
  private leaveReason: string | undefined;
  private readonly columns: MemberColumns;
  private readonly viewEnd: ViewEnd;
  private readonly lease: ReadLease;
  private readonly connectedTo: boolean[];
  private readonly keysOf: boolean[];
  private readonly arrivedKeys: { readonly rank: number; readonly keys: KeysMessage }[] = [];
  /** By rank: why I suspect that member. */
  private readonly suspicions: (string | undefined)[];
  /** Suspicions that no turn has looked at. */
  private readonly freshSuspects: number[] = [];
  private firstSuspect = -1;
  private readonly admissions: Admissions;
  /** How the view ends, as somebody says who knows: it goes on without me. */
  private toldRecord: ViewRecord | undefined;
  private detector: FailureDetector | undefined;
  /** By rank: the beat that was heard last. */
  private readonly beats: Float64Array;
  private keysDueAt = Infinity;
  /** Since when I cannot reach more than half of the view; since when those who would go on together are not more than half. */
  private cutOffSince = Infinity;
  private discordSince = Infinity;
  /** I halt at that time if it stays so. */
  private haltAt = Infinity;
  /** Something came that a turn must look at though the table did not change. */
  private hasInput = true;
  private lookAt = Infinity;

  /**
   * @param table the member table, with notes of `notes.cells` cells
   * @param standing from the view before; undefined in the first one
   * @param suspicionMicros silence for so long is a suspicion; Infinity: it never is
   */
  constructor(
    private readonly view: View,
    private readonly myRank: number,
    private readonly table: Table,
    notes: EndNotes,
    private readonly suspicionMicros: number,
    private readonly takes: TakesBranch,
    private readonly placements: Placements,
    private readonly standing?: Standing,
  ) {
    const size = view.members.length;
    this.columns = memberColumns(size);
    this.membership = standing?.membership ?? Membership.initial;
    this.leaveReason = standing?.leaveReason;
    this.admissions = new Admissions(view);
    this.lease = new ReadLease(size, myRank, table, this.columns, suspicionMicros);
    this.viewEnd = new ViewEnd(view, myRank, table, this.columns, notes, this.lease, takes, placements);
    this.connectedTo = view.members.map((_, rank) => rank === myRank);
    this.keysOf = [...this.connectedTo];
    this.suspicions = view.members.map(() => undefined);
    this.beats = new Float64Array(size);
  }

  get state(): MembershipState {
    return this.membership.state;
  }

  /** Whether messages flow. */
  get isActive(): boolean {
    return this.state === 'running' || this.state === 'leaving';
  }

  /** Whether this member is in no view any more. */
  get isOver(): boolean {
    return this.state === 'left' || this.state === 'halted';
  }

  /** Whether this member is to go, or has gone. */
  get isLeaving(): boolean {
    return this.leaveReason !== undefined || this.state === 'leaving' || this.isOver;
  }

  /** What is decided about the end of this view, once I know. */
  get decided(): ViewRecord | undefined {
    return this.viewEnd.decided ?? this.toldRecord;
  }

  /** By rank: why I suspect that member, in words; undefined where I do not. */
  get suspected(): readonly (string | undefined)[] {
    return this.suspicions;
  }

  /** What the next view goes on with. */
  get successorStanding(): Standing {
    const { membership, leaveReason, view } = this;
    return { membership, leaveReason, acquaintances: view.members };
  }

  /** When a turn must come though nothing happened: microseconds, or Infinity. */
  get nextDeadline(): number {
    return this.hasInput ? -Infinity : this.lookAt;
  }

  /** Input from the control channel; looked at in the next turn. Says in words why it is not taken, if it is not. */
  receive(message: KeysMessage | DecidedMessage): string | undefined {
    const rank = rankOfMember(this.view, message.from);
    const problem = this.problemOf(message, rank);
    if (problem !== undefined) return problem;
    this.hasInput = true;
    if (message.kind === 'decided') this.toldRecord ??= message.record;
    else this.arrivedKeys.push({ rank, keys: message });
    return undefined;
  }

  private problemOf(message: ControlMessage, rank: number): string | undefined {
    const { from, vid } = message;
    if (rank < 0 || rank === this.myRank)
      return `${from.id} (incarnation ${from.incarnation}) is no other member of view ${this.view.vid}`;
    if (vid !== this.view.vid) return `it is of view ${vid}, and this is ${this.view.vid}`;
    if (message.kind === 'keys') return this.problemOfKeys(message, rank);
    return message.kind === 'decided' ? this.problemOfRecord(message) : undefined;
  }

  /** It comes over a network, and nobody else has looked at whether it fits. */
  private problemOfRecord({ from, record: { fates, trims, layout } }: DecidedMessage): string | undefined {
    const { members, sets } = this.view;
    const fits =
      fates.length === members.length &&
      trims.length === sets.length &&
      layout.length === sets.length &&
      sets.every(({ senders }, set) => trims[set]!.length === senders.length);
    if (!fits) return `${from.id} says what is decided, and it does not fit view ${this.view.vid}`;
    if (fates[this.myRank] === 'stays')
      return `${from.id} says what is decided, and this member goes on by it`;
    return undefined;
  }

  private problemOfKeys({ from, shardTables }: KeysMessage, rank: number): string | undefined {
    if (this.suspicions[rank] !== undefined) return `${from.id} is suspected: ${this.suspicions[rank]}`;
    if (this.keysOf[rank]) return `the keys of ${from.id} are known`;
    this.keysOf[rank] = true;
    const mistaken = this.view.sets.find(
      ({ index, replicas }) => (shardTables[index] !== undefined) !== replicas.includes(rank),
    );
    return mistaken && `${from.id} gives keys that do not fit replica set ${mistaken.index}`;
  }

  /** Input: this member can write to `rank`. */
  connected(rank: number): void {
    assert(!this.connectedTo[rank], `rank ${rank} was connected twice`);
    this.connectedTo[rank] = true;
    this.hasInput = true;
  }

  /**
   * Input: that member cannot take part in this view any more, for a reason that can be read after `n3 is lost: `.
   *
   * @param isGone whether its process has ended for certain
   */
  suspect(rank: number, reason: string, isGone = false): void {
    if (isGone) this.lease.gone(rank);
    if (this.suspicions[rank] !== undefined || rank === this.myRank) return;
    this.suspicions[rank] = reason;
    this.freshSuspects.push(rank);
    if (this.firstSuspect < 0) this.firstSuspect = rank;
    this.detector?.forget(rank);
    this.hasInput = true;
  }

  /** Input: that member is alive, as its row of another view says. */
  heard(rank: number, now: number): void {
    this.detector?.heard(rank, now);
  }

  /** Whether no view without this member has begun: see `ReadLease`. */
  holdsLease(now: number): boolean {
    return this.isActive && this.lease.isHeld(now);
  }

  /** Whether there should be a new probe, so that the lease does not end. */
  isLeaseAging(now: number): boolean {
    return this.lease.isAging(now);
  }

  /** Input: asks all others whether they are still in this view. The number of the probe, for `isEchoed`. */
  requestProbe(): number {
    this.hasInput = true;
    return this.lease.requestProbe();
  }

  isEchoed(probe: number): boolean {
    return this.lease.isEchoed(probe);
  }

  /** Input: this member is to go. Looked at in a turn, but not before it can tell the others. */
  requestLeave(reason: string): void {
    this.leaveReason ??= reason;
    this.hasInput = true;
  }

  /**
   * Input: that process has learned what it needs to be a member; the view ends soon, and in the next one it is, unless more want to
   * join than may at once. Whoever let it in asks again then.
   *
   * @returns why it cannot be let in now, in words
   */
  admit(joiner: MemberIdentity): string | undefined {
    this.hasInput = true;
    const { state, view, viewEnd } = this;
    const isLate = state === 'wedged';
    const keeper = this.doorkeeper;
    if (isLate && keeper === undefined) return `view ${view.vid} does not run here (${state})`;
    if (keeper !== undefined && keeper !== this.myRank)
      return `view ${view.vid} lacks replicas, and only ${view.members[keeper]!.id} lets others in`;
    const problem =
      this.problemOfPlacing(joiner) ??
      this.admissions.add(joiner, state, rank => isLate && !viewEnd.staying.includes(rank));
    if (problem === undefined && isLate) viewEnd.letIn(joiner);
    return problem;
  }

  /** What shards lack, in words, where there is no next view for it. */
  get missingReplicas(): readonly string[] {
    return this.state === 'wedged' && this.decided === undefined ? this.viewEnd.missingReplicas : [];
  }

  /** The only member that lets others in, by rank; undefined where any may. */
  get doorkeeper(): number | undefined {
    return this.state === 'wedged' ? this.viewEnd.doorkeeper : undefined;
  }

  /** Why a type's own placement would not have that process, if everybody stayed. */
  private problemOfPlacing(joiner: MemberIdentity): string | undefined {
    const { view, placements } = this;
    if (placements.size === 0) return undefined;
    const fates = view.members.map(({ id }): Fate => (id === joiner.id ? 'lost' : 'stays'));
    const next = nextView(view, fates, [joiner], placements);
    if (next.kind !== 'inadequate' || nextView(view, fates).kind === 'inadequate') return undefined;
    return next.missing.join('; ');
  }

  /** Input: an invariant broke. Takes effect at once, because no turn follows. */
  halt(reason: string, outbox: Outbox): void {
    if (this.membership.accepts('FAILED')) this.dispatch('FAILED', reason, outbox);
  }

  /**
   * Takes the inputs, asks the predicates of the present state, votes where the view ends.
   *
   * @param multicasts by set; undefined where I am no replica
   * @param hasNews whether the member table changed
   */
  turn(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox, hasNews: boolean): void {
    this.hasBeaten = false;
    this.lease.noteTime(now);
    if (!hasNews && !this.hasInput && now < this.lookAt && !this.isDraining) return;
    this.hasInput = false;
    if (this.isOver) {
      this.vote(now);
      this.lookAt = this.viewEnd.nextDeadline;
      return;
    }
    this.listen(now);
    if (!this.viewEnd.isWedged && this.lease.turn(now, this.isActive, this.isSuspected)) this.hasInput = true;
    this.takeKeys(outbox);
    this.vote(now); // what is decided is looked at first: who left in order and is gone since is not lost
    this.takeSuspicions(multicasts, outbox);
    this.step(now, multicasts, outbox);
    this.lookAt = this.isOver ? this.viewEnd.nextDeadline : this.soonest();
  }

  /**
   * A turn of a view that I have left behind: others may need my vote to see what I see.
   *
   * @returns ranks of members whose beat is new
   */
  turnAsVoter(now: number, hasNews: boolean): readonly number[] {
    const fresh = hasNews ? this.noticeBeats(now) : NOBODY;
    if (hasNews || now >= this.viewEnd.nextDeadline) this.vote(now);
    return fresh;
  }

  /** When `turnAsVoter` must come though nothing happened: microseconds, or Infinity. */
  get voterDeadline(): number {
    return this.viewEnd.nextDeadline;
  }

  /** I am well, in this view too. */
  beat(): void {
    this.table.raiseLate(this.columns.beat, this.table.read(this.myRank, this.columns.beat) + 1);
  }

  /** Whether this member waits for something that no change of the member table announces. */
  private get isDraining(): boolean {
    return this.state === 'leaving' || this.state === 'trimming';
  }

  private soonest(): number {
    const detectorAt = this.detector?.nextDeadline ?? Infinity;
    const endAt = this.viewEnd.isWedged ? this.viewEnd.nextDeadline : Infinity;
    return Math.min(detectorAt, endAt, this.haltAt, this.keysDueAt);
  }

  private listen(now: number): void {
    this.noticeBeats(now);
    if (this.suspicionMicros === Infinity) return;
    if (this.detector === undefined) this.startDetector(now);
    const detector = this.detector!;
    if (detector.turn(now)) {
      this.hasBeaten = true;
      this.beat();
    }
    // Who founds the group or joins may come up slowly; but who has given me its keys is up, and will beat once it has mine.
    this.connectedTo.forEach((isConnected, rank) => {
      if (isConnected || this.viewEnd.isWedged)
        detector.expect(rank, now + KEYS_PATIENCE * this.suspicionMicros);
    });
    const { members } = this.view;
    const silence = `nothing was heard of it for ${Math.round(this.suspicionMicros / 1000)} ms`;
    for (let rank = 0; rank < members.length; rank++)
      if (detector.isSilent(rank, now)) this.suspect(rank, silence);
    if (now >= this.keysDueAt) {
      this.keysDueAt = Infinity;
      for (const rank of this.unconnected()) this.suspect(rank, 'the keys of its memory did not come');
    }
  }

  private readonly isSuspected = (rank: number): boolean => this.suspicions[rank] !== undefined;

  private startDetector(now: number): void {
    const { standing, view } = this;
    const known = new Set(standing?.acquaintances.map(nameOf));
    this.detector = new FailureDetector(
      this.view.members.length,
      this.myRank,
      this.suspicionMicros,
      now,
      rank => known.has(nameOf(view.members[rank]!)),
    );
    this.suspicions.forEach((reason, rank) => {
      if (reason !== undefined) this.detector!.forget(rank);
    });
    if (standing !== undefined) this.keysDueAt = now + KEYS_PATIENCE * this.suspicionMicros;
  }

  private noticeBeats(now: number): readonly number[] {
    let fresh: number[] | undefined;
    for (let rank = 0; rank < this.beats.length; rank++) {
      const beat = this.table.read(rank, this.columns.beat);
      if (rank === this.myRank || beat === this.beats[rank]) continue;
      this.beats[rank] = beat;
      this.detector?.heard(rank, now);
      (fresh ??= []).push(rank);
    }
    return fresh ?? NOBODY;
  }

  private takeKeys(outbox: Outbox): void {
    if (this.arrivedKeys.length > 0 && this.isPutOff('takes keys late')) return;
    for (const { rank, keys } of this.arrivedKeys.splice(0))
      if (this.suspicions[rank] === undefined) outbox.effects.push({ kind: 'connect', rank, keys });
  }

  /** Its fabric tells nothing more about whom I do not write to, lost writes included: so none of its rows is read again. */
  private takeSuspicions(multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    for (const rank of this.freshSuspects.splice(0)) {
      this.viewEnd.suspect(rank);
      for (const multicast of multicasts) multicast?.freeze(rank);
      outbox.effects.push({ kind: 'disconnect', rank });
    }
  }

  private vote(now: number): void {
    if (this.viewEnd.isWedged && !this.isPutOff('votes late')) this.viewEnd.turn(now);
  }

  /** Whether what is to be done now is left to the next turn. */
  private isPutOff(branch: RareBranch): boolean {
    if (!this.takes(branch)) return false;
    this.hasInput = true;
    return true;
  }

  private step(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    const told = this.toldRecord;
    if (told?.fates[this.myRank] === 'lost' && this.membership.accepts('LEFT_OUT')) {
      this.beLeftOut(told, multicasts, outbox);
      return;
    }
    if (this.leaveReason !== undefined && this.membership.accepts('LEAVE_REQUESTED'))
      this.leave(now, multicasts, outbox);
    switch (this.state) {
      case 'connecting':
        if (this.connectedTo.every(connected => connected)) {
          this.table.raise(this.columns.installed, 1);
          this.dispatch('KEYS_COMPLETE', 'this member can write to every other', outbox);
        }
        break;
      case 'installing':
        if (this.table.everyRowHas(this.columns.installed, 1)) {
          this.dispatch('ALL_INSTALLED', 'every member is connected to every other', outbox);
          outbox.effects.push({ kind: 'view-installed', view: this.view });
        }
        break;
      case 'running':
        this.letIn(now, multicasts, outbox);
        break;
      case 'leaving':
        // It had let them in before it was to go; perhaps it waits for just them, to hold what it holds.
        this.letIn(now, multicasts, outbox);
        if (this.viewEnd.isWedged) break;
        if (!multicasts.every(multicast => multicast?.isDrained ?? true)) break;
        this.table.raise(this.columns.leaving, 1);
        if (this.viewEnd.mayLeave) {
          const reason = 'all that this member sent was delivered by everybody';
          this.wedge('DRAINED', reason, wedgeCause('leaves', this.myRank), now, multicasts, outbox);
        }
        break;
      default:
        break;
    }
    if (!this.viewEnd.isWedged) this.noticeEnd(now, multicasts, outbox);
    if (this.state === 'wedged') this.followDecision(now, multicasts, outbox);
    else if (this.state === 'trimming') this.finish(multicasts, outbox);
  }

  private letIn(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    const { joiners } = this.admissions;
    if (joiners.length === 0) return;
    const cause = wedgeCause('admits', this.myRank);
    this.wedge('VIEW_ENDED', describeJoiners(joiners), cause, now, multicasts, outbox);
  }

  private leave(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    if (this.state === 'running') {
      this.dispatch('LEAVE_REQUESTED', this.leaveReason!, outbox);
      return;
    }
    // Who founds a group may have enough of waiting for it; a view that follows another one does not keep anybody waiting.
    if (this.standing !== undefined) return;
    this.table.raise(this.columns.leaving, 1);
    if (!this.viewEnd.mayLeave) return;
    const cause = wedgeCause('leaves', this.myRank);
    this.wedge('LEAVE_REQUESTED', this.leaveReason!, cause, now, multicasts, outbox);
  }

  /** A wedge seen in any row ends the view for everybody, and so does a suspicion. */
  private noticeEnd(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    // The wedge first: who left in order and has gone since is not lost.
    const rank = this.table.firstRowWith(this.columns.wedged, 1);
    if (rank < 0 && this.firstSuspect < 0) return;
    if (this.isPutOff('ends its view late')) return;
    if (rank >= 0) {
      const cause = this.table.read(rank, this.columns.wedged);
      this.wedge('VIEW_ENDED', this.describeWedge(rank, cause), cause, now, multicasts, outbox);
    } else {
      const suspect = this.firstSuspect;
      const cause = wedgeCause('lost', suspect);
      this.wedge('VIEW_ENDED', this.describeLoss(suspect), cause, now, multicasts, outbox);
    }
  }

  private describeLoss(rank: number): string {
    return `${this.view.members[rank]!.id} is lost: ${this.suspicions[rank]}`;
  }

  /** Why that member is wedged, in words. */
  private describeWedge(rank: number, cause: number): string {
    const { members } = this.view;
    const about = causeRank(cause);
    const subject = members[about];
    // Any other value was written by a member that broke; the view ends all the same.
    if (subject === undefined) return `${members[rank]!.id} ended the view`;
    const kind = causeKind(cause);
    if (kind === 'leaves') return `${subject.id} leaves`;
    if (kind === 'admits') {
      const joiners = this.viewEnd.admittedBy(about); // as far as its own row has come
      return joiners.length === 0 ? `${subject.id} lets others in` : describeJoiners(joiners);
    }
    if (this.suspicions[about] !== undefined) return this.describeLoss(about);
    return `${subject.id} is lost, as ${members[rank]!.id} noticed`;
  }

  /** @param cause what others read of it in my row */
  private wedge(
    event: MembershipEvent,
    reason: string,
    cause: number,
    now: number,
    multicasts: readonly (Multicast | undefined)[],
    outbox: Outbox,
  ): void {
    const finals = multicasts.map(multicast => multicast?.finalCounts());
    this.lease.end();
    this.viewEnd.wedge(finals, cause, this.admissions.joiners, now);
    this.dispatch(event, reason, outbox);
    this.vote(now);
  }

  private followDecision(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    const record = this.decided;
    if (record === undefined) {
      this.waitForDecision(now, multicasts, outbox);
      return;
    }
    if (record.fates[this.myRank] === 'lost') {
      this.beLeftOut(record, multicasts, outbox);
      return;
    }
    outbox.effects.push({ kind: 'view-decided', record });
    this.dispatch('DECIDED', describeFates(this.view, record), outbox);
  }

  private waitForDecision(now: number, multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    const { viewEnd } = this;
    if (this.leaveReason !== undefined && multicasts.every(multicast => multicast?.isDrained ?? true))
      this.raiseLeaving(now);
    this.cutOffSince = viewEnd.reachesMajority ? Infinity : Math.min(this.cutOffSince, now);
    this.discordSince = viewEnd.isMajority ? Infinity : Math.min(this.discordSince, now);
    this.haltAt = Math.min(
      this.cutOffSince + this.suspicionMicros,
      this.discordSince + DISCORD_PATIENCE * this.suspicionMicros,
    );
    if (now < this.haltAt) return;
    const { members, vid } = this.view;
    const { length } = viewEnd.staying;
    const suspects = members.flatMap((_, rank) => (this.suspicions[rank] === undefined ? [] : [rank]));
    const reason =
      `only ${length} of the ${members.length} members of view ${vid} can go on together as far as this member sees, ` +
      `and more than half must agree${suspects.map(rank => `; ${this.describeLoss(rank)}`).join('')}`;
    this.dispatch('CUT_OFF', reason, outbox);
    const executedElsewhere = multicasts.map(() => undefined);
    outbox.effects.push({ kind: 'ended', end: { reason, isLeave: false, executedElsewhere } });
  }

  /** Nobody who stays would wait for anything of mine. */
  private raiseLeaving(now: number): void {
    const { table, columns, myRank } = this;
    if (table.read(myRank, columns.leaving) > 0) return;
    table.raise(columns.leaving, 1);
    this.vote(now);
    this.hasInput = true;
  }

  private beLeftOut(
    record: ViewRecord,
    multicasts: readonly (Multicast | undefined)[],
    outbox: Outbox,
  ): void {
    const reason = `the group goes on without this member after view ${this.view.vid}: ${describeFates(this.view, record)}`;
    if (this.viewEnd.isWedged) this.viewEnd.learn(record); // it votes on, and proposes nothing more
    this.dispatch('LEFT_OUT', reason, outbox);
    this.end(reason, false, record, multicasts, outbox);
  }

  /** Once all that the record says is delivered: the next view, or the end. */
  private finish(multicasts: readonly (Multicast | undefined)[], outbox: Outbox): void {
    const record = this.decided!;
    if (!multicasts.every((multicast, set) => multicast?.isDeliveredTo(record.trims[set]!) ?? true)) return;
    const reason = `all that everybody delivers in view ${this.view.vid} is delivered`;
    if (record.fates[this.myRank] === 'leaves') {
      this.dispatch('LEFT', reason, outbox);
      this.end(this.leaveReason!, true, record, multicasts, outbox);
      return;
    }
    this.dispatch('TRIMMED', reason, outbox);
    outbox.effects.push({ kind: 'enter-view', view: viewAfter(this.view, record) });
  }

  private end(
    reason: string,
    isLeave: boolean,
    { trims }: ViewRecord,
    multicasts: readonly (Multicast | undefined)[],
    outbox: Outbox,
  ): void {
    const executedElsewhere = multicasts.map((multicast, set) => multicast?.undeliveredOfMine(trims[set]!));
    outbox.effects.push({ kind: 'ended', end: { reason, isLeave, executedElsewhere } });
  }

  private unconnected(): readonly number[] {
    return this.connectedTo.flatMap((isConnected, rank) => (isConnected ? [] : [rank]));
  }

  /** What this state waits for, and on whom; empty when it waits for nothing. */
  waitingFor(): readonly string[] {
    const { view, myRank, table, columns, viewEnd } = this;
    return waitingFor(this.state, { view, myRank, table, columns, viewEnd, unconnected: this.unconnected() });
  }

  private dispatch(event: MembershipEvent, reason: string, outbox: Outbox): void {
    const from = this.state;
    this.membership = this.membership.next(event);
    this.hasInput = true; // what the new state waits for may be there already
    outbox.effects.push({ kind: 'state-changed', change: { from, to: this.state, event, reason } });
  }
}

const NOBODY: readonly number[] = [];

function nameOf({ id, incarnation }: MemberIdentity): string {
  return `${id}/${incarnation}`;
}
