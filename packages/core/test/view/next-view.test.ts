/** Who stays, over all small suspicion matrices and as a table of stories. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  isMajority,
  nextView,
  whoStays,
  type MembershipEvidence,
  type SubgroupSpec,
  type View,
} from '@bowecho/core';

const SPECS: readonly SubgroupSpec[] = [
  { name: 'bank', mode: 'ordered', shards: 1, minReplicas: 2, maxReplicas: 3, senders: 'all' },
];

function oldView(size: number): View {
  const ranks = [...Array(size).keys()];
  const replicas = ranks.slice(0, 3);
  return {
    vid: 7,
    members: ranks.map(rank => ({ id: `n${rank}`, incarnation: 1 })),
    subgroups: [{ name: 'bank', mode: 'ordered', shards: [{ replicas, senders: replicas }] }],
  };
}

function evidence(
  size: number,
  pairs: readonly [number, number][],
  more: Partial<MembershipEvidence> = {},
): MembershipEvidence {
  const suspected = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  for (const [by, of] of pairs) suspected[by]![of] = true;
  return { suspected, leaving: new Array<boolean>(size).fill(false), joining: [], ...more };
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
          const { suspected } = evidence(
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
});

describe('the next view', () => {
  it('loses the younger end of one cut link, and not the group', () => {
    const next = nextView(
      oldView(3),
      0,
      evidence(3, [
        [1, 2],
        [2, 1],
      ]),
      SPECS,
    );
    expect(next).to.include({ kind: 'next' });
    expect(next.kind === 'next' && next.view.members.map(m => m.id)).to.deep.equal(['n0', 'n1']);
  });

  it('goes on without the oldest, when the others take it for dead', () => {
    const next = nextView(
      oldView(3),
      1,
      evidence(3, [
        [1, 0],
        [2, 0],
      ]),
      SPECS,
    );
    expect(next.kind === 'next' && next.view.members.map(m => m.id)).to.deep.equal(['n1', 'n2']);
  });

  it('is not proposed by a minority', () => {
    const pairs: [number, number][] = [
      [0, 1],
      [0, 2],
      [0, 3],
    ];
    expect(nextView(oldView(4), 0, evidence(4, pairs), SPECS)).to.deep.equal({
      kind: 'minority',
      kept: [0],
      size: 4,
    });
  });

  it('is not proposed by exactly half', () => {
    expect(
      nextView(
        oldView(4),
        0,
        evidence(4, [
          [0, 2],
          [0, 3],
          [1, 2],
          [1, 3],
        ]),
        SPECS,
      ),
    ).to.deep.include({ kind: 'minority' });
    expect([isMajority(2, 4), isMajority(3, 4), isMajority(1, 1)]).to.deep.equal([false, true, true]);
  });

  it('counts leavers in the majority but not among its members', () => {
    const next = nextView(oldView(3), 0, evidence(3, [[0, 2]], { leaving: [false, true, false] }), [
      { ...SPECS[0]!, minReplicas: 1 },
    ]);
    expect(next.kind === 'next' && [next.kept, next.view.members.map(m => m.id)]).to.deep.equal([
      [0, 1],
      ['n0'],
    ]);
  });

  it('lets in so many joiners at once that their loss would not halt it', () => {
    const joining = [1, 2, 3, 4, 5].map(i => ({ id: `j${i}`, incarnation: 1 }));
    const next = nextView(oldView(3), 0, evidence(3, [], { joining }), SPECS);
    expect(next.kind === 'next' && next.view.members.map(m => m.id)).to.deep.equal([
      'n0',
      'n1',
      'n2',
      'j1',
      'j2',
    ]);
  });

  it('waits when a shard would fall short, and says which', () => {
    expect(nextView(oldView(3), 0, evidence(3, [], { leaving: [true, true, false] }), SPECS)).to.deep.equal({
      kind: 'inadequate',
      missing: ['bank shard 0 has 1 of at least 2 replicas (1 members)'],
    });
  });
});
