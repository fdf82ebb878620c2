/**
 * FaultPlan says what happens next to a group, from a seed and from what is still to be done. What it says is the same for the
 * same seed; when it happens in the course of real processes is not.
 */
import type { Random } from '../random.js';

/** How often each kind is to happen. */
export interface FaultBudget {
  /** Infinity: as often as time allows. */
  readonly kills: number;
  readonly pauses: number;
  readonly cuts: number;
}

export type FaultKind = 'kill' | 'pause' | 'cut';

export type Fault =
  /** `victims`: the second one dies while the view without the first one is being agreed on. */
  | { readonly kind: 'kill'; readonly victims: readonly string[] }
  /** `isShort`: below the suspicion time, so that nobody may be left out. */
  | { readonly kind: 'pause'; readonly victim: string; readonly isShort: boolean }
  /** Each link one way, from the first to the second. */
  | { readonly kind: 'cut'; readonly links: readonly (readonly [string, string])[] };

/** Kills are most of what is asked for; others come in between. */
const WEIGHTS: readonly FaultKind[] = ['kill', 'kill', 'kill', 'pause', 'cut'];

export class FaultPlan {
  private readonly left: Record<FaultKind, number>;

  constructor(
    { kills, pauses, cuts }: FaultBudget,
    private readonly random: Random,
  ) {
    this.left = { kill: kills, pause: pauses, cut: cuts };
  }

  get isDone(): boolean {
    return Object.values(this.left).every(count => count === 0);
  }

  /**
   * The next fault for a group, or undefined where nothing is left to do, or the group cannot bear a loss.
   *
   * @param present its members, oldest first; all of them run its view
   */
  next(present: readonly string[]): Fault | undefined {
    const kinds = WEIGHTS.filter(kind => this.left[kind] > 0);
    if (!canLose(1, present.length) || kinds.length === 0) return undefined;
    const { random } = this;
    const kind = random.pick(kinds);
    this.left[kind]--;
    const victim = this.pickOf(present);
    switch (kind) {
      case 'kill': {
        if (!canLose(2, present.length) || this.left.kill === 0 || !random.chance(0.25))
          return { kind, victims: [victim] };
        this.left.kill--;
        return { kind, victims: [victim, this.pickOf(present.filter(id => id !== victim))] };
      }
      case 'pause':
        return { kind, victim, isShort: random.chance(0.5) };
      case 'cut':
        return { kind, links: this.linksOf(victim, present) };
    }
  }

  /** The oldest one, who leads, as often as any other. */
  private pickOf(present: readonly string[]): string {
    return this.random.chance(0.5) ? present[0]! : this.random.pick(present);
  }

  /** One member from all others, or from one; both ways, or one of them. */
  private linksOf(victim: string, present: readonly string[]): (readonly [string, string])[] {
    const { random } = this;
    const others = present.filter(id => id !== victim);
    const peers = random.chance(0.5) ? others : [random.pick(others)];
    const ways = random.pick(['out', 'in', 'both']);
    return peers.flatMap(peer => [
      ...(ways === 'in' ? [] : [[victim, peer] as const]),
      ...(ways === 'out' ? [] : [[peer, victim] as const]),
    ]);
  }
}

/** Whether more than half of a view is there without so many. */
function canLose(count: number, size: number): boolean {
  return size - count > size / 2;
}
