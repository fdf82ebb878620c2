/**
 * Goal: once a member may have been left out, it holds no lease any more, and no probe that it asks for is echoed by all.
 * Method: members with tables, whose rows travel and whose turns come when a random list says so, on clocks that run at different
 * rates; time passes between any two steps, also between a look at the clock and the look at the table. Planted bugs must show.
 */
import { ReadLease, Table, memberColumns, tableLayout } from '@bowecho/core';
import { expect } from 'chai';
import fc from 'fast-check';

const SIZE = 3;
const SUSPICION_MICROS = 40_000;
const LONGEST_WAIT = 12_000;
const columns = memberColumns(SIZE);
const layout = tableLayout(columns.block, SIZE, [], 0, 0);

type Step =
  | { readonly kind: 'turn'; readonly rank: number; readonly lateMicros: number }
  | { readonly kind: 'land'; readonly from: number; readonly to: number }
  | { readonly kind: 'read'; readonly rank: number }
  | { readonly kind: 'wait'; readonly micros: number }
  /** All take turns, and what is under way lands. */
  | { readonly kind: 'round'; readonly lateMicros: number }
  | { readonly kind: 'accuse' | 'leaveOut'; readonly by: number; readonly rank: number };

const rank = fc.nat(SIZE - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      rank,
      lateMicros: fc.oneof(fc.constant(0), fc.nat(12_000)),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('land' as const), from: rank, to: rank }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const), rank }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      lateMicros: fc.oneof(fc.constant(0), fc.nat(12_000)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), micros: fc.nat(6_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('accuse' as const, 'leaveOut' as const), by: rank, rank }),
  },
);

class Member {
  readonly memory = new ArrayBuffer(layout.bytes);
  readonly table: Table;
  readonly lease: ReadLease;
  readonly suspects = new Set<number>();
  /** By target: rows that are under way. */
  readonly outgoing: Uint8Array[][] = Array.from({ length: SIZE }, () => []);
  /** Probes that were asked for after it may have been left out. */
  readonly vain: number[] = [];
  isLeftOut = false;
  /** Whether it echoes that member, and writes to it. */
  minds = (other: number): boolean => !this.suspects.has(other);

  constructor(
    readonly rank: number,
    private readonly rate: number,
    private readonly offset: number,
  ) {
    this.table = new Table(layout, this.memory, rank);
    this.lease = new ReadLease(SIZE, rank, this.table, columns, SUSPICION_MICROS);
  }

  clock(now: number): number {
    return Math.floor(now * this.rate) + this.offset;
  }

  /** @param now by its clock, before it looked at the table */
  turn(now: number): void {
    this.table.takeSnapshot();
    this.lease.noteTime(now);
    this.lease.turn(now, true, other => !this.minds(other));
    if (!this.table.isDirty) return;
    this.table.sealCounters();
    const { countersOffset, countersBytes } = this.table;
    for (let to = 0; to < SIZE; to++)
      if (to !== this.rank && this.minds(to))
        this.outgoing[to]!.push(
          new Uint8Array(this.memory.slice(countersOffset, countersOffset + countersBytes)),
        );
  }
}

class Game {
  now = 1_000_000;
  /** The clocks are a twentieth apart at most. */
  readonly members = [0, 1, 2].map(each => new Member(each, [1, 0.96, 1.005][each]!, each * 12_345));

  take(step: Step): void {
    const { members } = this;
    switch (step.kind) {
      case 'turn': {
        const member = members[step.rank]!;
        const now = member.clock(this.now);
        if (step.lateMicros > 0) this.interrupt(step.rank, step.lateMicros);
        member.turn(now);
        break;
      }
      case 'land': {
        const from = members[step.from]!;
        const row = from.outgoing[step.to]!.shift();
        if (row !== undefined) new Uint8Array(members[step.to]!.memory).set(row, from.table.countersOffset);
        break;
      }
      case 'round':
        for (const { rank: each } of members) {
          this.take({ kind: 'turn', rank: each, lateMicros: step.lateMicros });
          for (const { outgoing } of members)
            for (let to = 0; to < SIZE; to++)
              for (let count = outgoing[to]!.length; count > 0; count--)
                this.take({ kind: 'land', from: members.findIndex(from => from.outgoing === outgoing), to });
        }
        break;
      case 'read': {
        const member = members[step.rank]!;
        const probe = member.lease.requestProbe();
        if (member.isLeftOut) member.vain.push(probe);
        break;
      }
      case 'wait':
        this.now += step.micros;
        break;
      case 'accuse':
        if (step.by !== step.rank) members[step.by]!.suspects.add(step.rank);
        break;
      case 'leaveOut': {
        const by = members[step.by]!;
        if (!by.suspects.has(step.rank)) break;
        // As soon as it may, if that is soon.
        for (let waited = 0; waited < LONGEST_WAIT && !this.mayLeaveOut(by, step.rank); waited += 100)
          this.now += 100;
        if (this.mayLeaveOut(by, step.rank)) members[step.rank]!.isLeftOut = true;
        break;
      }
    }
    this.now++;
  }

  private mayLeaveOut(by: Member, rank: number): boolean {
    const now = by.clock(this.now);
    return now >= by.lease.releasedAt(rank, now);
  }

  /** Between two steps of one member time passes, and another one takes a turn, and is heard. */
  private interrupt(rank: number, micros: number): void {
    const other = this.members[(rank + 1) % SIZE]!;
    this.now += micros;
    other.turn(other.clock(this.now));
    while (other.outgoing[rank]!.length > 0) this.take({ kind: 'land', from: other.rank, to: rank });
  }

  /** What is wrong, if anything is. */
  get problem(): string | undefined {
    for (const { rank: each, lease, vain, isLeftOut, clock } of this.members) {
      if (!isLeftOut) continue;
      if (lease.isHeld(clock.call(this.members[each]!, this.now)))
        return `${each} may be left out, and holds a lease`;
      if (vain.some(probe => lease.isEchoed(probe)))
        return `${each} may be left out, and its probe was echoed`;
    }
    return undefined;
  }
}

/** What a member looks into that has a bug planted. */
interface Inside {
  readonly table: Table;
  readonly probe: number;
  readonly probeAt: number;
  readonly leaseMicros: number;
  readonly echoedAt: Float64Array;
  readonly isFresh: Uint8Array;
  echoed: number;
  until: number;
}

type Plant = (lease: ReadLease, member: Member) => void;

const inside = (lease: ReadLease): Inside => lease as unknown as Inside;

const PLANTED: readonly (readonly [string, Plant])[] = [
  ['leaves out at once who holds a lease', lease => (lease.releasedAt = () => -Infinity)],
  [
    'counts a lease from its echo',
    lease => {
      const turn = lease.turn.bind(lease);
      lease.turn = (now, ...rest) => {
        const before = inside(lease).until;
        const result = turn(now, ...rest);
        if (inside(lease).until !== before) inside(lease).until = now + inside(lease).leaseMicros;
        return result;
      };
    },
  ],
  [
    'takes the echo of one for that of all',
    (lease, { rank: mine, table }) => {
      lease['takeEchoes'] = () => {
        const state = inside(lease);
        const echoes = [0, 1, 2]
          .filter(each => each !== mine)
          .map(each => table.read(each, columns.echoes + mine));
        if (Math.max(...echoes) <= state.echoed) return;
        state.echoed = Math.max(...echoes);
        state.until = state.probeAt + state.leaseMicros;
      };
    },
  ],
  [
    'believes the echo of a probe that was under way',
    lease => {
      const request = lease.requestProbe.bind(lease);
      lease.requestProbe = () => request() - 1;
    },
  ],
  [
    'dates its echo by a clock that it had looked at before',
    lease => {
      const turn = lease.turn.bind(lease);
      lease.turn = (now, ...rest) => {
        const result = turn(now, ...rest);
        lease.noteTime(now);
        return result;
      };
    },
  ],
  [
    'allows nothing for clocks that differ',
    lease => {
      const released = lease.releasedAt.bind(lease);
      lease.releasedAt = (...args) => released(...args) - 0.1 * inside(lease).leaseMicros;
    },
  ],
  ['echoes whom it suspects', (_, member) => (member.minds = () => true)],
];

const steps = fc.array(anyStep, { minLength: 30, maxLength: 250 });

function play(list: readonly Step[], plant: Plant = () => undefined): string | undefined {
  const game = new Game();
  for (const member of game.members) plant(member.lease, member);
  for (const each of list) {
    game.take(each);
    const { problem } = game;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

describe('a read lease', () => {
  it('is held by nobody who may have been left out, and no more is all of a group heard', () => {
    fc.assert(
      fc.property(steps, list => {
        expect(play(list)).to.equal(undefined);
      }),
      { numRuns: 3_000 },
    );
  });

  for (const [bug, plant] of PLANTED) {
    it(`would be, if a member ${bug}`, () => {
      const result = fc.check(
        fc.property(steps, list => play(list, plant) === undefined),
        { numRuns: 200_000, endOnFailure: true },
      );
      expect(result.failed).to.equal(true);
    });
  }

  it('is held as long as it is renewed, and of a member alone always', () => {
    const game = new Game();
    const [holder] = game.members;
    let held = 0;
    for (let round = 0; round < 400; round++) {
      if (holder!.lease.isAging(holder!.clock(game.now))) holder!.lease.requestProbe();
      for (const { rank: each } of game.members) game.take({ kind: 'turn', rank: each, lateMicros: 0 });
      for (const from of [0, 1, 2])
        for (const to of [0, 1, 2]) if (from !== to) game.take({ kind: 'land', from, to });
      game.take({ kind: 'wait', micros: 500 });
      if (holder!.lease.isHeld(holder!.clock(game.now))) held++;
    }
    expect(held).to.be.above(390);
    const alone = new ReadLease(
      1,
      0,
      new Table(tableLayout(memberColumns(1).block, 1, [], 0, 0), new ArrayBuffer(4096), 0),
      memberColumns(1),
      SUSPICION_MICROS,
    );
    expect(alone.isHeld(0) && alone.isEchoed(alone.requestProbe()) && !alone.isAging(0)).to.equal(true);
  });
});
