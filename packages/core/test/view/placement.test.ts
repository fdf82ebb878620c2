/** A type's own placement: what it is asked, and that an answer which lies is refused in words and does no harm. */
import { expect } from 'chai';
import {
  foundingView,
  layoutSubgroups,
  nextView,
  setsForJoiner,
  type MemberIdentity,
  type Placement,
  type PlacementContext,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';

const members = (count: number): MemberIdentity[] =>
  Array.from({ length: count }, (_, i) => ({ id: `n${i}`, incarnation: 1 }));
const JOINER: MemberIdentity = { id: 'new', incarnation: 2 };
const STAY = ['stays', 'stays', 'stays'] as const;

function specOf(placement: Placement, more: Partial<SubgroupSpec> = {}): SubgroupSpec {
  return {
    name: 'bank',
    mode: 'ordered',
    shards: 2,
    minReplicas: 1,
    maxReplicas: 2,
    senders: 'all',
    placement,
    ...more,
  };
}

function founded(placement: Placement, more: Partial<SubgroupSpec> = {}): View {
  const layout = layoutSubgroups([specOf(placement, more)], members(3));
  if (!layout.adequate) throw new Error(layout.missing.join());
  return foundingView(members(3), layout.subgroups);
}

describe('a placement of a type’s own', () => {
  it('founds the group as it says, each shard with a multicast of its own', () => {
    const asked: PlacementContext[] = [];
    const view = founded(context => {
      asked.push(context);
      return [
        [2, 0],
        [0, 2],
      ];
    });
    expect(asked).to.deep.equal([
      {
        type: 'bank',
        members: ['n0', 'n1', 'n2'],
        held: [[], []],
        free: [0, 1, 2],
        minReplicas: 1,
        maxReplicas: 2,
      },
    ]);
    expect(view.sets.map(({ shards, replicas }) => [shards, replicas])).to.deep.equal([
      [[0], [0, 2]],
      [[1], [0, 2]],
    ]);
  });

  it('says which shards a joiner gets, and is asked nothing where nobody joins', () => {
    const view = founded(() => [[0], [1]]);
    const asked: PlacementContext[] = [];
    const placement: Placement = context => {
      asked.push(context);
      return [[0], [1, 3]];
    };
    const placements = new Map([['bank', placement]]);
    const next = nextView(view, STAY, [JOINER], placements);
    expect(next.kind === 'next' && next.view.sets.map(({ replicas }) => replicas)).to.deep.equal([
      [0],
      [1, 3],
    ]);
    expect(setsForJoiner(view, STAY, JOINER, placements)).to.deep.equal([1]);
    expect(asked[0]).to.deep.include({ members: ['n0', 'n1', 'n2', 'new'], held: [[0], [1]], free: [3] });
    asked.length = 0;
    expect(nextView(view, ['stays', 'stays', 'lost'], [], placements).kind).to.equal('next');
    expect(asked).to.deep.equal([]);
  });

  it('may give joiners of a type that names nodes only to those', () => {
    const view = founded(() => [[0], [0]], { nodes: ['n0', 'elsewhere'] });
    const placement: Placement = ({ free }) => [[0, ...free], [0]];
    const placements = new Map([['bank', placement]]);
    expect(setsForJoiner(view, STAY, JOINER, placements)).to.deep.equal([]);
    expect(setsForJoiner(view, STAY, { id: 'elsewhere', incarnation: 1 }, placements)).to.deep.equal([0]);
  });

  const lies: readonly (readonly [what: string, answer: unknown, problem: string])[] = [
    ['no list', 7, 'gives number, and the type has 2 shards'],
    ['a shard too few', [[0]], 'gives 1 lists, and the type has 2 shards'],
    ['no list of a shard', [[0], 1], 'gives shard 1 number in the place of a list of members'],
    ['a member that there is not', [[0], [1, 4]], 'gives shard 1 member 4, and there are 4'],
    ['half a member', [[0.5], [1]], 'gives shard 0 member 0.5, and there are 4'],
    ['a member twice', [[0, 0], [1]], 'gives shard 0 member n0 twice'],
    [
      'too many',
      [
        [0, 3],
        [1, 2, 3],
      ],
      'gives shard 1 3 replicas, and it may have 2',
    ],
    ['a move', [[0], [3]], 'gives shard 1 no replica on n1, which holds it'],
    ['a replica without its state', [[0, 2], [1]], 'gives shard 0 a replica on n2, which may not get one'],
  ];
  for (const [what, answer, problem] of lies) {
    it(`is refused with ${what}, in words, and nobody is placed by it`, () => {
      const view = founded(() => [[0], [1]]);
      const placements = new Map([['bank', (() => answer) as unknown as Placement]]);
      const missing = [`the placement of bank ${problem}`];
      expect(nextView(view, STAY, [JOINER], placements)).to.deep.equal({ kind: 'inadequate', missing });
      expect(setsForJoiner(view, STAY, JOINER, placements)).to.equal(missing[0]);
      expect(nextView(view, STAY, [], placements).kind, 'without who joins').to.equal('next');
    });
  }

  it('is refused where it throws, and a founding with it', () => {
    const failing: Placement = () => {
      throw new Error('no idea');
    };
    expect(layoutSubgroups([specOf(failing)], members(3))).to.deep.equal({
      adequate: false,
      missing: ['the placement of bank threw Error: no idea'],
    });
  });

  it('founds nothing below the minimum', () => {
    expect(layoutSubgroups([specOf(() => [[0, 1], [2]], { minReplicas: 2 })], members(3))).to.deep.equal({
      adequate: false,
      missing: ['bank shard 1 has 1 of at least 2 replicas (3 members)'],
    });
  });
});
