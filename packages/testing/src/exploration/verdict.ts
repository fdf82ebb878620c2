/**
 * Verdict is the checkers of an explored group: those of simulated worlds, on the way and wherever nothing is left that
 * must happen.
 *
 * Nobody beats here, so a member that has lost more than half of its view does not halt as it would: it waits for ever,
 * and that is as it should be.
 */
import type { Member, ViewEnd } from '@bowecho/core';
import type { Checker } from '../checkers/checker.js';
import { EqualState, type Digest } from '../checkers/equal-state.js';
import { Fifo } from '../checkers/fifo.js';
import { LastWord } from '../checkers/last-word.js';
import { NoHalt } from '../checkers/no-halt.js';
import { OneView } from '../checkers/one-view.js';
import { Settled } from '../checkers/settled.js';
import { TotalOrder } from '../checkers/total-order.js';
import { Uniform } from '../checkers/uniform.js';
import { engineOf } from '../member-internals.js';
import type { World } from '../world.js';

export class Verdict {
  /** They are to observe the group. */
  readonly checkers: readonly Checker[];
  private readonly settled: Settled;

  /**
   * @param world a group: of a world checkers use what that has
   * @param digest says what state a replica is in
   * @param mayErr whether members take others for lost that live
   */
  constructor(
    private readonly world: World,
    digest: Digest,
    private readonly mayErr: boolean,
  ) {
    this.settled = new Settled(world);
    this.checkers = [
      new NoHalt(world),
      new TotalOrder(world),
      new Fifo(world),
      new Uniform(world),
      new OneView(world),
      new LastWord(world),
      new EqualState(world, digest),
      this.settled,
    ];
  }

  /** Nothing is left that must happen: everybody who can be well has to be. */
  atRest(): void {
    const { world, checkers, settled } = this;
    const alive = world.members.filter((_, node) => world.isAlive(node));
    const isCutOff = alive.some(member => this.waitsForMajority(member));
    for (const checker of checkers) if (!(checker === settled && isCutOff)) checker.onQuiet();
    if (isCutOff && alive.some(({ state }) => state !== 'wedged' && state !== 'left' && state !== 'halted'))
      throw world.violation(
        'settled',
        'some members wait for a majority that is gone, and others do not',
        world.members.map(member => member.describe()),
      );
  }

  /** Whether more than half of its view is gone, or is taken for gone by mistake. */
  private waitsForMajority(member: Member): boolean {
    const { state, view } = member;
    if (state !== 'wedged') return false;
    if (this.mayErr && !believesInMajority(member)) return true;
    const left = view.members.filter(each => {
      const node = this.world.nodeOf(each);
      const other = this.world.members[node]!.state;
      return this.world.isAlive(node) && other !== 'left' && other !== 'halted';
    });
    return left.length * 2 <= view.members.length;
  }
}

/** Whether those who go on with it, as far as it knows, are enough. */
function believesInMajority(member: Member): boolean {
  const viewEnd = engineOf(member).manager['viewEnd'] as ViewEnd;
  return viewEnd.isMajority;
}
