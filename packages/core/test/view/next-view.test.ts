/** Who stays, over random suspicion matrices and as a table of stories; and the view that follows, over random histories of a group. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  assertView,
  foundingView,
  isMajority,
  layoutSubgroups,
  nextView,
  setsForJoiner,
  viewAfter,
  whoStays,
  type DeliveryMode,
  type Fate,
  type MemberIdentity,
  type PlacedSubgroup,
  type View,
} from '@bowecho/core';

function groupOf(size: number): MemberIdentity[] {
  return Array.from({ length: size }, (_, rank) => ({ id: `n${rank}`, incarnation: rank + 1 }));
}

/** By rank, by rank: whether the first suspects the second. */
function suspicions(size: number, pairs: readonly (readonly [number, number])[]): boolean[][] {
  const suspected = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  for (const [by, of] of pairs) suspected[by]![of] = true;
  return suspected;
}

/** What a set is, whatever its members' ranks are now: who they are, and how it is told from the others. */
function describeSets(view: View): readonly (readonly [number, number, string, string])[] {
  return view.sets.map(set => [set.index, set.subgroup, set.mode, set.shards.join()]);
}

function idsOf(view: View, ranks: readonly number[]): readonly string[] {
  return ranks.map(rank => view.members[rank]!.id);
}

describe('who stays', () => {
  it('is a group without a suspicion inside, and everybody left out is suspected by the proposer, or at odds with an older one', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 7 })
          .chain(size =>
            fc.tuple(
              fc.constant(size),
              fc.nat(size - 1),
              fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 12 }),
            ),
          ),
        ([size, proposer, pairs]) => {
          const suspected = suspicions(
            size,
            pairs.filter(([by, of]) => by !== of),
          );
          const kept = whoStays(size, suspected, proposer);
          for (const a of kept) for (const b of kept) expect(suspected[a]![b]).to.equal(false);
          for (let rank = 0; rank < size; rank++) {
            const atOdds = kept.some(
              older => older < rank && (suspected[older]![rank] || suspected[rank]![older]),
            );
            expect(kept.includes(rank)).to.equal(!atOdds && !suspected[proposer]![rank]);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  const stories: readonly (readonly [string, number, [number, number][], number, number[]])[] = [
    [
      'loses the younger end of one cut link',
      3,
      [
        [1, 2],
        [2, 1],
      ],
      0,
      [0, 1],
    ],
    [
      'goes on without the oldest, when the others take it for dead',
      3,
      [
        [1, 0],
        [2, 0],
      ],
      1,
      [1, 2],
    ],
    ['is not told by one who is left out itself', 3, [[2, 0]], 1, [0, 1]],
    [
      'may be too few to go on',
      4,
      [
        [0, 2],
        [0, 3],
        [1, 2],
        [1, 3],
      ],
      0,
      [0, 1],
    ],
  ];
  for (const [story, size, pairs, proposer, kept] of stories) {
    it(story, () => expect(whoStays(size, suspicions(size, pairs), proposer)).to.deep.equal(kept));
  }

  it('must be more than half: exactly half is not', () => {
    expect([isMajority(2, 4), isMajority(3, 4), isMajority(1, 1), isMajority(1, 2)]).to.deep.equal([
      false,
      true,
      true,
      false,
    ]);
  });
});

const FATES: readonly Fate[] = ['stays', 'stays', 'leaves', 'lost'];

/** A founders' view of up to nine members with up to three types, and views that follow from it. */
const history = fc.integer({ min: 1, max: 9 }).chain(size =>
  fc.record({
    size: fc.constant(size),
    specs: fc.array(
      fc.record({
        mode: fc.constantFrom<DeliveryMode>('ordered', 'unordered'),
        shards: fc.integer({ min: 1, max: 6 }),
        minReplicas: fc.constant(1),
        maxReplicas: fc.integer({ min: 1, max: 5 }),
        senders: fc.constantFrom<'all' | number>('all', 1, 2),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    changes: fc.array(fc.array(fc.constantFrom(...FATES), { minLength: size, maxLength: size }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
);

function founders(size: number, placed: readonly PlacedSubgroup[]): View {
  return foundingView(groupOf(size), placed);
}

describe('the next view', () => {
  it('keeps every set under its index, and its survivors in their places; nobody gets what it did not hold', () => {
    fc.assert(
      fc.property(history, ({ size, specs, changes }) => {
        const layout = layoutSubgroups(
          specs.map((spec, i) => ({ name: `type${i}`, ...spec })),
          groupOf(size),
        );
        if (!layout.adequate) return;
        const first = founders(size, layout.subgroups);
        let view = first;
        for (const all of changes) {
          const fates = all.slice(0, view.members.length);
          const next = nextView(view, fates);
          const staying = view.members.filter((_, rank) => fates[rank] === 'stays');
          expect(next.kind === 'nobody').to.equal(staying.length === 0);
          const orphans = view.sets.filter(({ replicas }) => !replicas.some(rank => fates[rank] === 'stays'));
          if (next.kind === 'inadequate') expect(next.missing).to.have.lengthOf(orphans.length);
          if (next.kind !== 'next') return;
          expect(orphans).to.deep.equal([]);
          assertView(next.view);
          expect(next.view.vid).to.equal(view.vid + 1);
          expect(next.view.members, 'by age, and the very same processes').to.deep.equal(staying);
          expect(describeSets(next.view)).to.deep.equal(describeSets(first));
          next.view.sets.forEach((set, index) => {
            const old = view.sets[index]!;
            const stay = (rank: number): boolean => fates[rank] === 'stays';
            expect(idsOf(next.view, set.replicas)).to.deep.equal(idsOf(view, old.replicas.filter(stay)));
            const senders = idsOf(next.view, set.senders);
            expect(senders, 'a sender that stays is one still').to.include.members([
              ...idsOf(view, old.senders.filter(stay)),
            ]);
            expect(senders.length).to.equal(Math.min(old.senders.length, set.replicas.length));
          });
          view = next.view;
        }
      }),
      { numRuns: 1000 },
    );
  });

  const shards = [{ replicas: [0, 1, 2], senders: [0, 1] }];
  const bank = founders(4, [{ name: 'bank', mode: 'ordered', shards }]);

  it('takes the oldest of those who are left as senders, where only some were', () => {
    const next = nextView(bank, ['lost', 'stays', 'stays', 'stays']);
    expect(next.kind === 'next' && next.view.sets[0]).to.deep.include({ replicas: [0, 1], senders: [0, 1] });
    expect(next.kind === 'next' && idsOf(next.view, [0, 1, 2])).to.deep.equal(['n1', 'n2', 'n3']);
  });

  it('has as many senders as there are replicas, where they become fewer than that', () => {
    const next = nextView(bank, ['stays', 'lost', 'leaves', 'stays']);
    expect(next.kind === 'next' && next.view.sets[0]).to.deep.include({ replicas: [0], senders: [0] });
  });

  it('does not give a shard to a member that was no replica of it', () => {
    expect(nextView(bank, ['lost', 'leaves', 'lost', 'stays'])).to.deep.equal({
      kind: 'inadequate',
      missing: ['bank shard 0: no replica is left'],
    });
  });

  it('names all shards of a set that lost its replicas, and each such set', () => {
    const pair = { replicas: [0, 1], senders: [0, 1] };
    const alone = { replicas: [2], senders: [2] };
    const view = founders(3, [
      { name: 'bank', mode: 'ordered', shards: [pair, alone, pair] },
      { name: 'log', mode: 'unordered', shards: [pair] },
    ]);
    expect(nextView(view, ['lost', 'lost', 'stays'])).to.deep.equal({
      kind: 'inadequate',
      missing: ['bank shards 0, 2: no replica is left', 'log shard 0: no replica is left'],
    });
  });

  it('fills up with who joins the shards that lack replicas, evenly, and moves nobody', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 4 }), ({ size, specs, changes: [fates] }, count) => {
        const layout = layoutSubgroups(
          specs.map((spec, i) => ({ name: `type${i}`, ...spec })),
          groupOf(size),
        );
        if (!layout.adequate) return;
        const view = founders(size, layout.subgroups);
        const joiners = Array.from({ length: count }, (_, i) => ({ id: `joiner${i}`, incarnation: i + 1 }));
        const without = nextView(view, fates!);
        const next = nextView(view, fates!, joiners);
        expect(next.kind).to.equal(without.kind);
        if (next.kind !== 'next' || without.kind !== 'next') return;
        assertView(next.view);
        expect(next.view.members).to.deep.equal([...without.view.members, ...joiners]);
        const first = without.view.members.length;
        next.view.sets.forEach((set, index) => {
          const { maxReplicas, maxSenders } = view.subgroups[set.subgroup]!;
          const before = without.view.sets[index]!.replicas;
          expect(set.replicas.filter(rank => rank < first)).to.deep.equal(before);
          expect(set.replicas.length).to.equal(
            Math.max(before.length, Math.min(maxReplicas, before.length + count)),
          );
          expect(set.senders).to.deep.equal(set.replicas.slice(0, maxSenders));
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('is what follows from its layout, once that is decided', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 4 }), ({ size, specs, changes: [fates] }, count) => {
        const layout = layoutSubgroups(
          specs.map((spec, i) => ({ name: `type${i}`, ...spec })),
          groupOf(size),
        );
        if (!layout.adequate) return;
        const view = founders(size, layout.subgroups);
        const joiners = Array.from({ length: count }, (_, i) => ({ id: `joiner${i}`, incarnation: i + 1 }));
        const next = nextView(view, fates!, joiners);
        if (next.kind !== 'next') return;
        const decided = next.view.sets.map(({ replicas }) => replicas);
        expect(viewAfter(view, { fates: fates!, layout: decided, joiners })).to.deep.equal(next.view);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused where a survivor would lose what it holds, or hold what it never learned', () => {
    const fates: Fate[] = ['stays', 'lost', 'stays', 'stays'];
    const moves: readonly (readonly [layout: number[][], rank: number])[] = [
      [[[0]], 2],
      [[[0, 1, 2]], 3],
    ];
    for (const [layout, rank] of moves)
      expect(() => viewAfter(bank, { fates, layout, joiners: [] })).to.throw(
        `the layout after view 0 moves set 0 at rank ${rank}`,
      );
    expect(() => viewAfter(bank, { fates, layout: [], joiners: [] })).to.throw('a layout of 0 sets after 1');
    expect(() => viewAfter(bank, { fates, layout: [[0, 1, 3]], joiners: [] })).to.throw('rank 3');
  });

  it('is inadequate below the minimum of a type, until those who join make up for it', () => {
    const shards = [{ replicas: [0, 1, 2], senders: [0, 1, 2] }];
    const view = founders(5, [{ name: 'bank', mode: 'ordered', shards, minReplicas: 2, maxReplicas: 3 }]);
    const fates: Fate[] = ['stays', 'lost', 'lost', 'stays', 'stays'];
    expect(nextView(view, fates)).to.deep.equal({
      kind: 'inadequate',
      missing: ['bank shard 0: 1 of at least 2 replicas is left'],
    });
    const next = nextView(view, fates, [{ id: 'new', incarnation: 1 }]);
    expect(next.kind === 'next' && next.view.sets[0]).to.deep.include({ replicas: [0, 3], senders: [0, 3] });
  });

  it('tells a joiner what it would get alone, where the shard needs others too', () => {
    const shards = [{ replicas: [0, 1, 2], senders: [0, 1, 2] }];
    const view = founders(5, [{ name: 'bank', mode: 'ordered', shards, minReplicas: 3, maxReplicas: 3 }]);
    const fates: Fate[] = ['stays', 'lost', 'lost', 'stays', 'stays'];
    const [a, b] = [
      { id: 'a', incarnation: 1 },
      { id: 'b', incarnation: 1 },
    ] as const;
    expect(nextView(view, fates, [a]).kind).to.equal('inadequate');
    expect(setsForJoiner(view, fates, a)).to.deep.equal([0]);
    expect(nextView(view, fates, [a, b]).kind).to.equal('next');
  });

  it('fills up a type that names nodes with those alone, and others with those that no type names', () => {
    const shards = [{ replicas: [0], senders: [0] }];
    const view = founders(2, [
      { name: 'own', mode: 'ordered', shards, maxReplicas: 3, nodes: ['n0', 'a'] },
      { name: 'log', mode: 'ordered', shards: [{ replicas: [1], senders: [1] }], maxReplicas: 3 },
    ]);
    const joiners = ['a', 'b'].map(id => ({ id, incarnation: 1 }));
    const next = nextView(view, ['stays', 'stays'], joiners);
    expect(next.kind === 'next' && next.view.sets.map(({ replicas }) => replicas)).to.deep.equal([
      [0, 2],
      [1, 3],
    ]);
  });

  it('gives those who join together shards of their own before any gets a second one', () => {
    const alone = { replicas: [0], senders: [0] };
    const other = { replicas: [1], senders: [1] };
    const view = founders(2, [
      { name: 'bank', mode: 'ordered', shards: [alone, other], maxReplicas: 2, maxSenders: 1 },
    ]);
    const next = nextView(
      view,
      ['stays', 'stays'],
      [
        { id: 'a', incarnation: 1 },
        { id: 'b', incarnation: 1 },
      ],
    );
    expect(
      next.kind === 'next' && next.view.sets.map(({ replicas, senders }) => [replicas, senders]),
    ).to.deep.equal([
      [[0, 2], [0]],
      [[1, 3], [1]],
    ]);
  });

  it('is none when everybody goes, whoever of them is lost', () => {
    expect(nextView(bank, ['leaves', 'leaves', 'leaves', 'leaves'])).to.deep.equal({ kind: 'nobody' });
    expect(nextView(bank, ['leaves', 'lost', 'leaves', 'leaves'])).to.deep.equal({ kind: 'nobody' });
  });

  it('is asked for with a fate for each member', () => {
    expect(() => nextView(bank, ['stays'])).to.throw('1 fates of 4 members');
  });
});
