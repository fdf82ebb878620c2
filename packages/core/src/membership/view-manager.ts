/**
 * ViewManager drives the membership machine of one view: each turn it asks the plain predicates that matter in the
 * present state, and sends an event for one that has become true. `dispatch` is the only door, and it takes a reason.
 */
import type { Outbox } from '../effects.js';
import type { Multicast } from '../multicast/multicast.js';
import type { ControlMessage } from '../ports.js';
import { memberColumns, type MemberColumns } from '../table/member-columns.js';
import type { Table } from '../table/table.js';
import { rankOf, replicaSets, type View } from '../view/view.js';
import { assert } from '../assert.js';
import { Membership, type MembershipEvent, type MembershipState } from './membership-machine.js';

export class ViewManager {
  private membership = Membership.initial;
  private readonly columns: MemberColumns;
  private readonly connectedTo: boolean[];
  private readonly hasKeysOf: boolean[];
  private readonly arrived: ControlMessage[] = [];
  private leaveReason: string | undefined;
  private isBroken = false;
  /** The first member that I lost, and how. */
  private loss: { readonly rank: number; readonly reason: string } | undefined;

  constructor(
    private readonly view: View,
    private readonly myRank: number,
    private readonly table: Table,
  ) {
    this.columns = memberColumns(view.members.length);
    this.connectedTo = view.members.map((_, rank) => rank === myRank);
    this.hasKeysOf = [...this.connectedTo];
  }

  get state(): MembershipState {
    return this.membership.state;
  }

  /** Whether messages flow. */
  get isActive(): boolean {
    return this.state === 'running' || this.state === 'leaving';
  }

  /** Whether I am connected to every member. */
  get isConnected(): boolean {
    return this.state !== 'connecting' && this.state !== 'halted';
  }

  /** Input from the control channel; looked at in the next turn. Says in words why it is not taken, if it is not. */
  receive(message: ControlMessage): string | undefined {
    const problem = this.problemOf(message);
    if (problem === undefined) this.arrived.push(message);
    return problem;
  }

  private problemOf(message: ControlMessage): string | undefined {
    const { from } = message;
    const rank = rankOf(this.view, from.id);
    const isOther = rank >= 0 && rank !== this.myRank;
    if (!isOther || this.view.members[rank]!.incarnation !== from.incarnation)
      return `${from.id} (incarnation ${from.incarnation}) is no other member of view ${this.view.vid}`;
    if (message.vid !== this.view.vid) return `it is of view ${message.vid}, and this is ${this.view.vid}`;
    if (message.kind !== 'keys') return undefined;
    if (this.hasKeysOf[rank]) return `the keys of ${from.id} are known`;
    this.hasKeysOf[rank] = true;
    const mistaken = replicaSets(this.view).find(
      ({ index, replicas }) => (message.shardTables[index] !== undefined) !== replicas.includes(rank),
    );
    return mistaken && `${from.id} gives keys that do not fit replica set ${mistaken.index}`;
  }

  /** Input: this member can write to `rank`. */
  connected(rank: number): void {
    assert(!this.connectedTo[rank], `rank ${rank} was connected twice`);
    this.connectedTo[rank] = true;
  }

  /** Input: that member cannot take part in this view any more. */
  lost(rank: number, reason: string): void {
    this.loss ??= { rank, reason: `${this.view.members[rank]!.id} is lost: ${reason}` };
  }

  /** Input: the rows of that member vouch for bytes that never came. Nothing of this view is received any more. */
  broken(rank: number, reason: string): void {
    this.lost(rank, reason);
    this.isBroken = true;
  }

  /** Whether what other members have written may be received. */
  get mayReceive(): boolean {
    return this.isActive && !this.isBroken;
  }

  /** Input: this member is to go. Looked at in a turn, but not before it can tell the others. */
  requestLeave(reason: string): void {
    this.leaveReason ??= reason;
  }

  /** Input: an invariant broke. Takes effect at once, because no turn follows. */
  halt(reason: string, outbox: Outbox): void {
    if (this.state !== 'halted') this.dispatch('FAILED', reason, outbox);
  }

  /** Takes the inputs and asks the predicates of the present state. */
  turn(multicasts: readonly Multicast[], outbox: Outbox): void {
    if (this.arrived.length > 0) this.takeMessages(outbox);
    if (this.leaveReason !== undefined && this.membership.accepts('LEAVE_REQUESTED')) {
      this.leave(this.leaveReason, outbox);
      this.leaveReason = undefined;
    }
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
      case 'leaving':
        if (multicasts.every(multicast => multicast.isDrained)) {
          const reason = 'all that this member sent was delivered by everybody';
          this.wedge('DRAINED', reason, wedgedByLeaving(this.myRank), outbox);
        }
        break;
      case 'running':
      case 'wedged':
      case 'halted':
        break;
    }
    this.noticeWedge(outbox);
  }

  /** What this state waits for, and on whom; empty when it waits for nothing. */
  waitingFor(): readonly string[] {
    const { members } = this.view;
    switch (this.state) {
      case 'connecting':
        return members.filter((_, rank) => !this.connectedTo[rank]).map(member => `the keys of ${member.id}`);
      case 'installing':
        return members
          .filter((_, rank) => this.table.read(rank, this.columns.installed) < 1)
          .map(member => `${member.id} to be connected to everybody`);
      case 'leaving':
        return ['everybody to deliver what this member sent'];
      default:
        return [];
    }
  }

  /**
   * What the application of another member says waits until this view runs here, too. That member may have seen before me
   * that all are installed: what it says does not come the way that its row comes.
   */
  private takeMessages(outbox: Outbox): void {
    const isEarly = this.state === 'connecting' || this.state === 'installing';
    let kept = 0;
    for (const message of this.arrived) {
      const rank = rankOf(this.view, message.from.id);
      if (message.kind === 'keys') outbox.effects.push({ kind: 'connect', rank, keys: message });
      else if (isEarly) this.arrived[kept++] = message;
      else outbox.effects.push({ kind: 'message', fromRank: rank, bytes: message.bytes });
    }
    this.arrived.length = kept;
  }

  private leave(reason: string, outbox: Outbox): void {
    this.table.raise(this.columns.leaving, 1);
    if (this.state === 'running') this.dispatch('LEAVE_REQUESTED', reason, outbox);
    else this.wedge('LEAVE_REQUESTED', reason, wedgedByLeaving(this.myRank), outbox);
  }

  /** A wedge seen in any row ends the view for everybody, and so does a member that is lost. */
  private noticeWedge(outbox: Outbox): void {
    if (this.state === 'connecting' || this.state === 'wedged' || this.state === 'halted') return;
    // The wedge first: who left in order and has gone since is not lost.
    const rank = this.table.firstRowWith(this.columns.wedged, 1);
    if (rank >= 0) {
      const cause = this.table.read(rank, this.columns.wedged);
      this.wedge('VIEW_ENDED', this.describeWedge(rank, cause), cause, outbox);
    } else if (this.loss !== undefined) {
      this.wedge('VIEW_ENDED', this.loss.reason, wedgedByLoss(this.loss.rank), outbox);
    }
  }

  /** Why that member is wedged, in words. */
  private describeWedge(rank: number, cause: number): string {
    const { members } = this.view;
    const subject = members[causeRank(cause)];
    // Any other value was written by a member that broke; the view ends all the same.
    if (subject === undefined) return `${members[rank]!.id} ended the view`;
    if (!isLoss(cause)) return `${subject.id} leaves`;
    if (this.loss !== undefined && members[this.loss.rank] === subject) return this.loss.reason;
    return `${subject.id} is lost, as ${members[rank]!.id} noticed`;
  }

  /** @param cause what others read of it in my row */
  private wedge(event: MembershipEvent, reason: string, cause: number, outbox: Outbox): void {
    this.table.raise(this.columns.wedged, cause);
    this.dispatch(event, reason, outbox);
    outbox.effects.push({ kind: 'view-ended', reason });
  }

  private dispatch(event: MembershipEvent, reason: string, outbox: Outbox): void {
    const from = this.state;
    this.membership = this.membership.next(event);
    outbox.effects.push({ kind: 'state-changed', change: { from, to: this.state, event, reason } });
  }
}

/** The value of `wedged` of a view that ends because `rank` leaves: odd, and at least 1. */
function wedgedByLeaving(rank: number): number {
  return 2 * rank + 1;
}

/** The value of `wedged` of a view that ends because `rank` is lost: even, and at least 2. */
function wedgedByLoss(rank: number): number {
  return 2 * rank + 2;
}

function causeRank(wedged: number): number {
  return Math.floor((wedged - 1) / 2);
}

function isLoss(wedged: number): boolean {
  return wedged % 2 === 0;
}
