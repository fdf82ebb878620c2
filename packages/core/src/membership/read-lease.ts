/**
 * ReadLease lets a member answer reads of its own replica as the newest state, without a message: as long as it holds a lease,
 * no view without it has begun, so nothing has completed that it has not received.
 *
 * It lives in two columns of the member table. Who wants a lease raises its *probe*. Every other member shows the highest probe
 * of it that it has seen, its *echo*, as long as it has not wedged. An echo says two things:
 *
 *  - its member had not said its last word when the probe was pushed. Where all others echo, nothing was decided about the end of
 *    the view by then, for a record needs the last word of more than half: enough for a read that began before the probe, and no
 *    clock in it;
 *  - its member will leave the holder out in no record of its own for the time of a lease from then on (`releasedAt`). So from
 *    when the probe was pushed the holder has a lease of that length.
 *
 * Each side counts by its own clock, and only how much time passes: the holder from before its probe was pushed, the other one from
 * after it has seen it, and a tenth longer, for clocks that are not equally fast. A clock that stands still while its machine
 * sleeps breaks that; who has such a machine reads by echoes alone.
 *
 * Who asks for no reads pays nothing: without a probe there is no echo, and nobody waits for it when it is lost.
 */
import { assert } from '../assert.js';
import type { MemberColumns } from '../table/member-columns.js';
import type { Table } from '../table/table.js';

/** The longest lease, microseconds: so much longer may a view change take that loses a member which held one. */
const LONGEST_LEASE_MICROS = 100_000;
/** A lease is at most this part of the time after which silence is a suspicion. */
const SHARE_OF_SUSPICION = 1 / 4;
/** Once a lease has run for this part of its time, it is to be renewed. */
const RENEWAL_SHARE = 1 / 4;
/** How much longer the others count than the holder does. */
const DRIFT = 1.1;

export class ReadLease {
  /** Microseconds. */
  readonly leaseMicros: number;
  /** My newest probe, and when it was about to be pushed. */
  private probe = 0;
  private probeAt = -Infinity;
  private isProbeWanted = false;
  /** The probe that all others have echoed, and until when I hold a lease by it. */
  private echoed = 0;
  private until = -Infinity;
  /** By rank: when I had last echoed a probe of that member; whether I did in the last turn, and so the time is to be noted. */
  private readonly echoedAt: Float64Array;
  private readonly isFresh: Uint8Array;
  private hasFresh = false;
  /** By rank: whether its process has ended for certain. */
  private readonly isGone: Uint8Array;

  /** @param table the member table */
  constructor(
    private readonly size: number,
    private readonly myRank: number,
    private readonly table: Table,
    private readonly columns: MemberColumns,
    suspicionMicros: number,
  ) {
    this.leaseMicros = Math.floor(Math.min(LONGEST_LEASE_MICROS, suspicionMicros * SHARE_OF_SUSPICION));
    this.echoedAt = new Float64Array(size).fill(-Infinity);
    this.isFresh = new Uint8Array(size);
    this.isGone = new Uint8Array(size);
  }

  /** Whether I hold a lease. @param now microseconds, looked at after whatever is to be answered came */
  isHeld(now: number): boolean {
    return now < this.until || this.size === 1;
  }

  /** Whether a new probe should be asked for, so that there is a lease as long as there are reads. */
  isAging(now: number): boolean {
    return now >= this.until - this.leaseMicros * (1 - RENEWAL_SHARE) && this.size > 1;
  }

  /**
   * Asks for a probe: the next turn pushes it, unless the one before is still under way.
   *
   * @returns its number: once it is echoed, every member was in this view after now
   */
  requestProbe(): number {
    this.isProbeWanted = true;
    return this.probe + 1;
  }

  /** Whether all others have echoed that probe. */
  isEchoed(probe: number): boolean {
    return this.echoed >= probe || this.size === 1;
  }

  /** To be called first in each turn: what I echoed in the turn before is dated by now, which is surely later. */
  noteTime(now: number): void {
    if (!this.hasFresh) return;
    this.hasFresh = false;
    for (let rank = 0; rank < this.size; rank++) if (this.isFresh[rank] === 1) this.echoedAt[rank] = now;
    this.isFresh.fill(0);
  }

  /**
   * A turn of a member that is not wedged, after a snapshot of the table: looks for echoes, echoes, probes.
   *
   * @param now microseconds, looked at before the snapshot
   * @param mayProbe whether messages flow
   * @param isSuspected by rank; who is suspected is not echoed
   * @returns whether a turn should follow soon, to note the time
   */
  turn(now: number, mayProbe: boolean, isSuspected: (rank: number) => boolean): boolean {
    this.takeEchoes();
    this.echo(isSuspected);
    if (this.isProbeWanted && mayProbe && this.echoed === this.probe) {
      this.isProbeWanted = false;
      this.probeAt = now;
      this.table.raise(this.columns.probe, ++this.probe);
    }
    return this.hasFresh;
  }

  /** There is no more echo of mine in this view, and no lease. */
  end(): void {
    this.until = -Infinity;
  }

  /** The process of that member has ended for certain: it answers nothing any more. */
  gone(rank: number): void {
    this.isGone[rank] = 1;
  }

  /** From when on I may have a record accepted that leaves that member out: microseconds; -Infinity where it holds no lease by me. */
  releasedAt(rank: number, now: number): number {
    if (rank === this.myRank || this.isGone[rank] === 1) return -Infinity;
    const since = this.isFresh[rank] === 1 ? now : this.echoedAt[rank]!;
    return since + this.leaseMicros * DRIFT;
  }

  private takeEchoes(): void {
    let least = this.probe;
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === this.myRank) continue;
      least = Math.min(least, this.table.read(rank, this.columns.echoes + this.myRank));
    }
    if (least <= this.echoed) return;
    assert(least === this.probe, `probe ${least} is echoed, and ${this.probe} is under way`);
    this.echoed = least;
    this.until = this.probeAt + this.leaseMicros;
  }

  private echo(isSuspected: (rank: number) => boolean): void {
    const { table, columns, myRank } = this;
    for (let rank = 0; rank < this.size; rank++) {
      if (rank === myRank || isSuspected(rank)) continue;
      const probe = table.read(rank, columns.probe);
      if (probe <= table.read(myRank, columns.echoes + rank)) continue;
      table.raise(columns.echoes + rank, probe);
      this.isFresh[rank] = 1;
      this.hasFresh = true;
    }
  }
}
