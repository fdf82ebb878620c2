/**
 * Founding is how the founders make view 0: each dials every seed, and when all have answered, each computes the same view
 * by itself. The seed that answers with my own incarnation is me. Before that they compare what must be the same at all
 * of them: the list of seeds, the fabric, the size of the rings, the time after which silence is a loss, whether handlers are
 * guarded, and every actor's definition. A difference is told in words and ends the attempt; nobody has started anything by then.
 *
 * Only who answers *my* dial counts. A stranger that dials me learns what he does wrong and changes nothing here.
 */
import {
  foundingView,
  layoutSubgroups,
  problemsError,
  type BowechoError,
  type MemberIdentity,
  type Placements,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';
import type { Greeting } from '../control/greeting.js';
import { describeMismatch, type ActorDefinition } from '../definition/actor-definition.js';

/** The layout that an actor type asks for. */
export function subgroupSpecOf(definition: ActorDefinition): SubgroupSpec {
  const { name, mode, shards, minReplicas, replicas, senders, nodes, placement } = definition;
  return { name, mode, shards, minReplicas, maxReplicas: replicas, senders, nodes, placement };
}

/** The placements that actor types have of their own. */
export function placementsOf(definitions: readonly ActorDefinition[]): Placements {
  return new Map(
    definitions.flatMap(({ name, placement }) => (placement === undefined ? [] : [[name, placement]])),
  );
}

export class Founding {
  private readonly founders = new Map<string, Greeting>();
  /** By seed: why it has not answered, as far as that is known. */
  private readonly problems = new Map<string, string>();

  /**
   * @param mySeed which seed is me, where the process cannot find out by dialing it
   */
  constructor(
    private readonly me: Greeting,
    private readonly definitions: readonly ActorDefinition[],
    mySeed?: string,
  ) {
    if (mySeed !== undefined) this.founders.set(mySeed, me);
  }

  /** The seeds that have not answered, each with what is known of why. */
  get waitingFor(): readonly string[] {
    return this.me.seeds
      .filter(seed => !this.founders.has(seed))
      .map(seed => {
        const problem = this.problems.get(seed);
        return `the founder at ${seed}${problem === undefined ? '' : ` (${problem})`}`;
      });
  }

  get isComplete(): boolean {
    return this.founders.size === this.me.seeds.length;
  }

  /** Notes why a seed does not answer. */
  unanswered(seed: string, problem: string): void {
    this.problems.set(seed, problem);
  }

  /** Notes that a process that had answered is gone, or cannot be reached: another one may answer in its place. */
  lost({ id, incarnation }: MemberIdentity, reason: string): void {
    for (const [seed, { identity }] of this.founders) {
      if (identity.id !== id || identity.incarnation !== incarnation) continue;
      this.founders.delete(seed);
      this.problems.set(seed, reason);
    }
  }

  /**
   * Takes the founder who answered at `seed`.
   *
   * @throws BowechoError `CONFIG_INVALID` or `ACTOR_MISMATCH` if it and I cannot be in one group
   */
  answered(seed: string, theirs: Greeting): void {
    const mistake = this.mistakeOf(seed, theirs);
    if (mistake !== undefined) throw mistake;
    this.founders.set(seed, theirs);
    if (!this.isComplete || [...this.founders.values()].some(founder => this.isMe(founder))) return;
    throw problemsError('CONFIG_INVALID', 'the cluster', [
      `none of the seeds ${this.me.seeds.join(', ')} is this member '${this.me.identity.id}': others answered at all of them`,
    ]);
  }

  /** Why that process and I cannot be in one group; undefined if we can. */
  mismatchWith(theirs: Greeting): BowechoError | undefined {
    const { me } = this;
    const them = `'${theirs.identity.id}'`;
    const problems: string[] = [];
    if (theirs.seeds.join() !== me.seeds.join())
      problems.push(
        `${them} has the seeds ${theirs.seeds.join(', ')}, this member ${me.seeds.join(', ')}; they must be the same list`,
      );
    if (theirs.fabric !== me.fabric)
      problems.push(`${them} uses the fabric '${theirs.fabric}', this member '${me.fabric}'`);
    if (theirs.ringBytes !== me.ringBytes)
      problems.push(`${them} has ringBytes ${theirs.ringBytes}, this member ${me.ringBytes}`);
    if (theirs.suspicionTimeout !== me.suspicionTimeout)
      problems.push(
        `${them} has suspicionTimeout ${theirs.suspicionTimeout}, this member ${me.suspicionTimeout}; who beats by one is not heard in time by the other`,
      );
    if (theirs.determinismGuard !== me.determinismGuard)
      problems.push(
        `${them} has determinismGuard ${theirs.determinismGuard}, this member ${me.determinismGuard}; where the configuration ` +
          'does not say, it is false if NODE_ENV is production, else true',
      );
    if (problems.length > 0) return problemsError('CONFIG_INVALID', 'the cluster', problems);
    const differences = this.actorMismatches(theirs);
    if (differences.length === 0) return undefined;
    return problemsError('ACTOR_MISMATCH', `the cluster of this member and ${them}`, differences);
  }

  private mistakeOf(seed: string, theirs: Greeting): BowechoError | undefined {
    const mismatch = this.mismatchWith(theirs);
    if (mismatch !== undefined) return mismatch;
    const { id, incarnation } = theirs.identity;
    for (const [other, founder] of [...this.founders, [undefined, this.me] as const]) {
      if (other === seed || founder.identity.id !== id) continue;
      if (founder.identity.incarnation !== incarnation) {
        const first = other === undefined ? 'this member' : `the member at '${other}'`;
        return problemsError('CONFIG_INVALID', 'the cluster', [
          `${first} and the one at '${seed}' have the same id '${id}'`,
        ]);
      }
      if (other !== undefined) {
        return problemsError('CONFIG_INVALID', 'the cluster', [
          `the seeds '${other}' and '${seed}' are one and the same member '${id}'`,
        ]);
      }
    }
    return undefined;
  }

  private actorMismatches(theirs: Greeting): string[] {
    const problems: string[] = [];
    for (const [name, mine] of this.me.fingerprints) {
      const fingerprint = theirs.fingerprints.get(name);
      if (fingerprint === undefined)
        problems.push(`actor '${name}' is known here and not at '${theirs.identity.id}'`);
      else
        problems.push(...describeMismatch(mine, fingerprint).map(sentence => `actor '${name}': ${sentence}`));
    }
    for (const name of theirs.fingerprints.keys()) {
      if (!this.me.fingerprints.has(name)) {
        problems.push(`actor '${name}' is known at '${theirs.identity.id}' and not here`);
      }
    }
    return problems;
  }

  private isMe({ identity }: Greeting): boolean {
    const { id, incarnation } = this.me.identity;
    return identity.id === id && identity.incarnation === incarnation;
  }

  /** View 0: the founders in the order of the seeds. Call it when complete. */
  view(): View {
    const members = this.me.seeds.map(seed => this.founders.get(seed)!.identity);
    const layout = layoutSubgroups(this.definitions.map(subgroupSpecOf), members);
    if (!layout.adequate) throw problemsError('CONFIG_INVALID', 'the layout of the actors', layout.missing);
    return foundingView(members, layout.subgroups);
  }
}
