/** The layout's promises, over random groups: even, sticky, never short without saying so; and replica sets shared. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  assertView,
  foundingView,
  layoutSubgroups,
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
  const view = foundingView(group, layout.subgroups);
  assertView(view);
  return view;
}

/** The ranks that replicate a shard of the first subgroup. */
function replicasOf(view: View, shard: number): readonly number[] {
  return view.sets.find(({ subgroup, shards }) => subgroup === 0 && shards.includes(shard))!.replicas;
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
        for (let shard = 0; shard < shards; shard++) {
          const placed = replicasOf(view, shard);
          expect(placed).to.have.lengthOf(Math.min(nodes, replicas));
          expect(new Set(placed).size).to.equal(placed.length);
          for (const rank of placed) load[rank]!++;
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
        for (let shard = 0; shard < shapeOf.shards; shard++) {
          const is = replicasOf(after, shard).map(rank => group[rank]!.id);
          const survivors = replicasOf(before, shard)
            .map(rank => before.members[rank]!.id)
            .filter(id => group.some(m => m.id === id));
          expect(is).to.include.members(survivors);
        }
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
    expect(replicasOf(after, 0), 'the shard of n0 is empty-handed and goes to the oldest').to.deep.equal([0]);
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

  it('keeps to the nodes that a type names, and keeps those free of what does not name them', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 4 });
    fc.assert(
      fc.property(shape, some, some, ({ nodes, shards, replicas }, first, second) => {
        const named = [first, second, []].map(ranks => ranks.map(rank => `n${rank}`));
        const specs = named.map((each, i) => ({ ...spec(shards, 1, replicas), name: `t${i}`, nodes: each }));
        const group = members(nodes);
        const isReserved = (id: string): boolean => named.some(each => each.includes(id));
        const mayHave = named.map(each =>
          group.filter(({ id }) => (each.length > 0 ? each.includes(id) : !isReserved(id))),
        );
        const layout = layoutSubgroups(specs, group);
        expect(layout.adequate).to.equal(mayHave.every(({ length }) => length > 0));
        if (!layout.adequate) return;
        layout.subgroups.forEach(({ shards: placed }, type) => {
          const able = mayHave[type]!.map(({ id }) => id);
          const load = new Map(able.map(id => [id, 0]));
          for (const { replicas: ranks } of placed) {
            expect(ranks).to.have.lengthOf(Math.min(able.length, replicas));
            for (const rank of ranks) load.set(group[rank]!.id, load.get(group[rank]!.id)! + 1);
          }
          expect([...load.keys()]).to.deep.equal(able);
          expect(Math.max(...load.values()) - Math.min(...load.values())).to.be.at.most(1);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('says why where the nodes of a type are not there, or all are reserved for others', () => {
    const own = { ...spec(1, 2, 2), nodes: ['n1', 'n7'] };
    const other = { ...spec(1, 1, 3), name: 'other' };
    expect(layoutSubgroups([own, other], members(3))).to.deep.equal({
      adequate: false,
      missing: ['bank shard 0 has 1 of at least 2 replicas (of its nodes n1, n7 1 are members)'],
    });
    expect(layoutSubgroups([{ ...own, nodes: ['n0', 'n1'] }, other], members(2))).to.deep.equal({
      adequate: false,
      missing: ['other shard 0 has 0 of at least 1 replicas (0 of 2 members are not reserved for others)'],
    });
  });

  it('takes the oldest replicas as senders when only some may send', () => {
    const view = viewOf([{ ...spec(1, 1, 3), senders: 2 }], members(3));
    expect(view.sets[0]).to.deep.include({ replicas: [0, 1, 2], senders: [0, 1] });
  });

  it('lets shards of equal replicas share one multicast, and no others', () => {
    const shared = viewOf([spec(64, 1, 3), { ...spec(1, 1, 3), name: 'other' }], members(3));
    expect(shared.sets.map(set => [set.subgroup, set.shards.length])).to.deep.equal([
      [0, 64],
      [1, 1],
    ]);
    expect(shared.sets.map(({ index }) => index)).to.deep.equal([0, 1]);
    const apart = viewOf([spec(64, 1, 1)], members(4));
    expect(apart.sets.map(set => set.shards.length)).to.deep.equal([16, 16, 16, 16]);
  });
});
