/**
 * Admissions is whom a member lets in at the end of its view: processes that have learned what they need. It says in words why somebody
 * cannot be let in now; whoever asked asks again, of this member or of another one.
 */
import { rankOf, type MemberIdentity, type View } from '../view/view.js';
import { MOST_JOINERS, fitsInSlot } from './joiner-cells.js';
import type { MembershipState } from './membership-machine.js';

export class Admissions {
  private readonly admitted: MemberIdentity[] = [];

  constructor(private readonly view: View) {}

  /** In the order of asking. */
  get joiners(): readonly MemberIdentity[] {
    return this.admitted;
  }

  /**
   * @param state of this member
   * @param isGone whether that rank is not to be in the next view
   * @returns why that process cannot be let in now, in words
   */
  add(joiner: MemberIdentity, state: MembershipState, isGone: (rank: number) => boolean): string | undefined {
    const { view, admitted } = this;
    if (state !== 'running' && state !== 'wedged') return `view ${view.vid} does not run here (${state})`;
    if (!fitsInSlot(joiner)) return `'${joiner.id}' (incarnation ${joiner.incarnation}) can be no member`;
    const rank = rankOf(view, joiner.id);
    if (rank >= 0 && !isGone(rank))
      return `view ${view.vid} has ${joiner.id} (incarnation ${view.members[rank]!.incarnation}) still`;
    if (admitted.some(({ id }) => id === joiner.id))
      return `a process with the id ${joiner.id} is let in just now`;
    if (admitted.length === MOST_JOINERS) return `${MOST_JOINERS} processes are let in just now`;
    admitted.push(joiner);
    return undefined;
  }
}
