/**
 * A command that makes an instance runs two handlers in one delivery: `onViewChange`, for the view that the instance is
 * born into, and the command. What `ctx` gives them must not be the same: `ctx.id()` promises never to repeat.
 */
import { createCluster, ctx, defineActor } from '@bowecho/actors';
import { expect } from 'chai';

const Witness = defineActor({
  name: 'witness',
  state: () => ({ born: [] as unknown[] }),
  commands: { look: state => [...state.born, ctx.id(), ctx.random()] },
  onViewChange(state) {
    state.born = [ctx.id(), ctx.random()];
  },
});

describe('the birth of an instance', () => {
  it('gives onViewChange other ids and random numbers than the command', async () => {
    const id = 'birth';
    await using alone = await createCluster({
      id,
      seeds: [id],
      fabric: 'in-process',
      actors: [Witness],
      log: false,
      ringBytes: 65_536,
    });
    const seen = await alone.get(Witness, 'w').look();
    expect(new Set(seen)).to.have.lengthOf(4);
  });
});
