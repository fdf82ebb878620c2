/**
 * LinearizableRead says when a replica here has all that had completed anywhere when the read began. Two things have to be so:
 * no view without this member had begun by then (membership/read-lease.ts), and what it had received by then is delivered. A read that
 * finds itself in another view before it knows the first begins anew there; one that knows it is caught up by entering the view.
 */
import type { Member } from './member.js';

export class LinearizableRead {
  private vid = -1;
  /** The probe whose echo is awaited; 0: there was a lease. */
  private probe = 0;
  private isConfirmed = false;
  private mark: Float64Array | undefined;

  /**
   * Begins.
   *
   * @param set that this member replicates
   * @param usesLease false: asks all others, each time
   * @param now microseconds, looked at after the read was asked for
   */
  constructor(
    private readonly member: Member,
    private readonly set: number,
    private readonly usesLease: boolean,
    now: number,
  ) {
    if (member.isActive) this.begin(now);
  }

  /** Whether the replica may be read now. */
  isDue(now: number): boolean {
    const { member, set } = this;
    const { vid } = member.view;
    if (this.vid === vid && !this.isConfirmed) this.isConfirmed = member.isEchoed(this.probe);
    if (this.isConfirmed && this.vid < vid) return true; // all that was received is delivered before a view is entered
    if (this.vid < vid) {
      if (!member.isActive) return false;
      this.begin(now);
    }
    return this.isConfirmed && (this.mark === undefined || member.hasDelivered(set, this.mark));
  }

  private begin(now: number): void {
    const { member, set, usesLease } = this;
    this.vid = member.view.vid;
    this.isConfirmed = usesLease && member.holdsLease(now);
    if (!this.isConfirmed) this.probe = member.requestProbe();
    this.mark = member.receivedMark(set);
  }
}
