/** The layout's promises, over random groups: even, sticky, never short without saying so; and replica sets shared. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  assertView,
  layoutSubgroups,
  replicaSets,
  type MemberIdentity,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';

function members(count: number, from = 0): MemberIdentity[] {
  return Array.from({ length: count }, (_, i) => ({ id: `n${from + i}`, incarnation: 1 }));
}

function spec(shards: number, minReplicas: number, maxReplicas: number): SubgroupSpec {
  return { name: 'bank', mode: 'ordered', shards, minReplicas, maxReplicas, senders: 'all' };
}

function viewOf(specs: SubgroupSpec[], group: MemberIdentity[], previous?: View): View {
  const layout = layoutSubgroups(specs, group, previous);
  if (!layout.adequate) throw new Error(layout.missing.join());
  const view = { vid: (previous?.vid ?? -1) + 1, members: group, subgroups: layout.subgroups };
  assertView(view);
  return view;
}

const shape = fc.record({
  nodes: fc.integer({ min: 1, max: 12 }),
  shards: fc.integer({ min: 1, max: 20 }),
  replicas: fc.integer({ min: 1, max: 5 }),
});

describe('layout', () => {
  it('gives every shard as many replicas as there can be, and every member the same load within one', () => {
    fc.assert(
      fc.property(shape, ({ nodes, shards, replicas }) => {
        const view = viewOf([spec(shards, 1, replicas)], members(nodes));
        const load = new Array<number>(nodes).fill(0);
        for (const shard of view.subgroups[0]!.shards) {
          expect(shard.replicas).to.have.lengthOf(Math.min(nodes, replicas));
          expect(new Set(shard.replicas).size).to.equal(shard.replicas.length);
          for (const rank of shard.replicas) load[rank]!++;
        }
        expect(Math.max(...load) - Math.min(...load)).to.be.at.most(1);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves survivors where they are when members go and come', () => {
    fc.assert(
      fc.property(shape, fc.array(fc.nat(11), { maxLength: 3 }), fc.nat(3), (shapeOf, gone, joiners) => {
        const before = viewOf([spec(shapeOf.shards, 1, shapeOf.replicas)], members(shapeOf.nodes));
        const group = [...before.members.filter((_, rank) => !gone.includes(rank)), ...members(joiners, 100)];
        if (group.length === 0) return;
        const after = viewOf([spec(shapeOf.shards, 1, shapeOf.replicas)], group, before);
        before.subgroups[0]!.shards.forEach((was, shard) => {
          const is = after.subgroups[0]!.shards[shard]!.replicas.map(rank => group[rank]!.id);
          const survivors = was.replicas
            .map(rank => before.members[rank]!.id)
            .filter(id => group.some(m => m.id === id));
          expect(is).to.include.members(survivors);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('knows a member that came back by its incarnation', () => {
    const before = viewOf([spec(1, 1, 1)], members(2));
    const group = [
      { id: 'n1', incarnation: 1 },
      { id: 'n0', incarnation: 2 },
    ];
    const after = viewOf([spec(1, 1, 1)], group, before);
    expect(
      after.subgroups[0]!.shards[0]!.replicas,
      'the shard of n0 is empty-handed and goes to the oldest',
    ).to.deep.equal([0]);
  });

  it('says which shard lacks how many when it is inadequate', () => {
    const layout = layoutSubgroups([spec(2, 3, 3)], members(2));
    expect(layout).to.deep.equal({
      adequate: false,
      missing: [
        'bank shard 0 has 2 of at least 3 replicas (2 members)',
        'bank shard 1 has 2 of at least 3 replicas (2 members)',
      ],
    });
  });

  it('takes the oldest replicas as senders when only some may send', () => {
    const view = viewOf([{ ...spec(1, 1, 3), senders: 2 }], members(3));
    expect(view.subgroups[0]!.shards[0]).to.deep.equal({ replicas: [0, 1, 2], senders: [0, 1] });
  });

  it('lets shards of equal replicas share one multicast, and no others', () => {
    const shared = replicaSets(viewOf([spec(64, 1, 3), { ...spec(1, 1, 3), name: 'other' }], members(3)));
    expect(shared.map(set => [set.subgroup, set.shards.length])).to.deep.equal([
      [0, 64],
      [1, 1],
    ]);
    const apart = replicaSets(viewOf([spec(64, 1, 1)], members(4)));
    expect(apart.map(set => set.shards.length)).to.deep.equal([16, 16, 16, 16]);
  });
});
