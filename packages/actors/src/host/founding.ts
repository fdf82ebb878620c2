/**
 * Founding is how the founders make view 0: each says hello to every seed, and when all have been heard, each computes
 * the same view by itself. Before that they compare what must be the same at all of them: the list of seeds and every
 * actor's definition. A difference is told in words and ends the attempt; nobody has started anything by then.
 */
import {
  BowechoError,
  layoutSubgroups,
  problemsError,
  type MemberIdentity,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';
import { describeMismatch, type ActorDefinition } from '../definition/actor-definition.js';

/** What a founder says of itself. */
export interface FounderHello {
  readonly kind: 'hello';
  readonly identity: MemberIdentity;
  /** Where it listens: one of the seeds. */
  readonly listen: string;
  readonly seeds: readonly string[];
  /** By actor name, in the order of the names. */
  readonly fingerprints: ReadonlyMap<string, string>;
  /** Whether the receiver should answer with its own hello. */
  readonly wantsAnswer: boolean;
}

/** The layout that an actor type asks for. */
export function subgroupSpecOf(definition: ActorDefinition): SubgroupSpec {
  const { name, mode, shards, replicas, senders } = definition;
  return { name, mode, shards, minReplicas: 1, maxReplicas: replicas, senders };
}

export class Founding {
  private readonly heard = new Map<string, FounderHello>();

  constructor(
    private readonly me: FounderHello,
    private readonly definitions: readonly ActorDefinition[],
  ) {
    this.heard.set(me.listen, me);
  }

  /** The seeds that have not been heard. */
  get missing(): readonly string[] {
    return this.me.seeds.filter(seed => !this.heard.has(seed));
  }

  get isComplete(): boolean {
    return this.missing.length === 0;
  }

  /**
   * Takes another founder's hello.
   *
   * @throws BowechoError `CONFIG_INVALID` if it has other seeds or my id, `ACTOR_MISMATCH` if its actors differ
   */
  hear(hello: FounderHello): void {
    const them = hello.identity.id;
    if (hello.seeds.join() !== this.me.seeds.join()) {
      throw problemsError('CONFIG_INVALID', 'the cluster', [
        `'${them}' has the seeds ${hello.seeds.join(', ')}, this member ${this.me.seeds.join(', ')}; they must be the same list`,
      ]);
    }
    for (const known of this.heard.values()) {
      if (known.identity.id === them && known.listen !== hello.listen) {
        throw problemsError('CONFIG_INVALID', 'the cluster', [
          `the members at '${known.listen}' and '${hello.listen}' have the same id '${them}'`,
        ]);
      }
    }
    const problems = this.mismatches(hello);
    if (problems.length > 0)
      throw problemsError('ACTOR_MISMATCH', `the cluster of this member and '${them}'`, problems);
    this.heard.set(hello.listen, hello);
  }

  private mismatches(hello: FounderHello): string[] {
    const problems: string[] = [];
    for (const [name, mine] of this.me.fingerprints) {
      const theirs = hello.fingerprints.get(name);
      if (theirs === undefined)
        problems.push(`actor '${name}' is known here and not at '${hello.identity.id}'`);
      else problems.push(...describeMismatch(mine, theirs).map(sentence => `actor '${name}': ${sentence}`));
    }
    for (const name of hello.fingerprints.keys()) {
      if (!this.me.fingerprints.has(name)) {
        problems.push(`actor '${name}' is known at '${hello.identity.id}' and not here`);
      }
    }
    return problems;
  }

  /** Where a member of the view listens. */
  addressOf(id: string): string {
    for (const hello of this.heard.values()) if (hello.identity.id === id) return hello.listen;
    throw new BowechoError('CONFIG_INVALID', `no founder has the id '${id}'`);
  }

  /** View 0: the founders in the order of the seeds. Call it when complete. */
  view(): View {
    const members = this.me.seeds.map(seed => this.heard.get(seed)!.identity);
    const layout = layoutSubgroups(this.definitions.map(subgroupSpecOf), members);
    if (!layout.adequate) throw problemsError('CONFIG_INVALID', 'the layout of the actors', layout.missing);
    return { vid: 0, members, subgroups: layout.subgroups };
  }
}
