/**
 * Goal: a user's test sees what becomes of actors where nodes fail. Method: `simulate()` with faults, seeds as given; the checkers are on.
 */
import { Command, Query, Replicated, type View } from '@bowecho/actors';
import { simulate } from '@bowecho/testing';
import { expect } from 'chai';
import { crash } from './crash.js';

@Replicated({ name: 'tally' })
class Tally {
  private total = 0;
  private seen: string[] = [];

  @Command() add(amount: number): number {
    return (this.total += amount);
  }

  @Query() read(): number {
    return this.total;
  }

  @Query() views(): string[] {
    return this.seen;
  }

  onViewChange({ id, members, left }: View): void {
    this.seen.push(`${id}: ${members.join()} without ${left.join()} at ${this.total}`);
  }
}

describe('a simulation in which a node crashes', () => {
  it('answers the calls of the others, each once, and tells the actors of the view at one place of their order', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      using sim = simulate({ actors: [Tally], seed, nodes: 3, faults: [crash(seed % 3, 60)] });
      const crashed = seed % 3;
      const calls: { readonly node: number; readonly call: Promise<number> }[] = [];
      for (let i = 0; i < 60; i++) {
        await sim.run(1);
        const node = i % 3;
        calls.push({ node, call: sim.get(Tally, 'all', { node }).add(1) });
      }
      const results = await Promise.allSettled(calls.map(({ call }) => call));
      const lost = results.filter(({ status }, i) => status === 'rejected' && calls[i]!.node !== crashed);
      expect(lost, `seed ${seed}`).to.deep.equal([]);
      await sim.settle();
      const survivor = sim.get(Tally, 'all', { node: (crashed + 1) % 3 });
      const answered = results.filter(({ status }) => status === 'fulfilled').length;
      expect(await survivor.read()).to.be.within(answered, 60);
      const other = sim.get(Tally, 'all', { node: (crashed + 2) % 3 });
      const seen = await survivor.views();
      expect(seen.at(-1)).to.match(new RegExp(`^1: n.,n. without n${crashed} at`));
      expect(await other.views()).to.deep.equal(seen);
    }
  });

  it('comes up without a node that crashes before it is up', async () => {
    for (const seed of [1, 2, 3]) {
      using sim = simulate({ actors: [Tally], seed, nodes: 3, faults: [crash(2, 5)] });
      expect(await sim.get(Tally, 'all', { node: 0 }).add(1)).to.equal(1);
      expect(sim.world.members[0]!.view.members.map(({ id }) => id)).to.deep.equal(['n0', 'n1']);
    }
  });

  it('fails what was called at the node itself', async () => {
    using sim = simulate({ actors: [Tally], seed: 3, faults: [crash(1, 60)] });
    await sim.run(61);
    const error = await sim
      .get(Tally, 'all', { node: 1 })
      .add(1)
      .catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'MEMBER_LOST', didExecute: 'unknown' });
  });
});
