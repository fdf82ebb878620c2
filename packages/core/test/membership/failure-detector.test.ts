/**
 * Goal: who is silent is suspected in time, and nobody is for what I slept through. Method: members as schedules of beats, in
 * virtual time.
 */
import { FailureDetector } from '@bowecho/core';
import { expect } from 'chai';

const SUSPICION = 2_000_000;
const START = 1_000_000_000;
/** What a beat takes from its sender to my row. */
const WAY = 3_000;

/** A detector of rank 0 that takes a turn when it should, except while it stands still. */
class Watch {
  now = START;
  readonly detector: FailureDetector;
  /** By rank: when it was suspected first. */
  readonly suspectedAt = new Map<number, number>();
  /** When its own beats were due. */
  readonly beats: number[] = [];
  private readonly lastHeard: number[];

  /**
   * @param stopAt by rank: when it falls silent
   * @param isKnown whether all count as heard at the start
   */
  constructor(
    private readonly stopAt: readonly number[],
    isKnown = true,
  ) {
    this.detector = new FailureDetector(stopAt.length, 0, SUSPICION, START, () => isKnown);
    this.lastHeard = stopAt.map(() => 0);
  }

  /** Goes on until then; between `from` and `to` the process stands still. */
  run(until: number, [from, to] = [Infinity, Infinity]): this {
    while (this.now < until) {
      let next = Math.max(this.now + 1, Math.min(this.detector.nextDeadline, this.nextArrival()));
      if (next >= from && next < to) next = to;
      this.now = next;
      this.turn();
    }
    return this;
  }

  private turn(): void {
    for (let rank = 1; rank < this.stopAt.length; rank++) {
      const arrived = this.beatsBefore(rank, this.now);
      if (arrived > this.lastHeard[rank]!) this.detector.heard(rank, this.now);
      this.lastHeard[rank] = arrived;
    }
    if (this.detector.turn(this.now)) this.beats.push(this.now);
    for (let rank = 0; rank < this.stopAt.length; rank++) {
      if (this.detector.isSilent(rank, this.now) && !this.suspectedAt.has(rank)) {
        this.suspectedAt.set(rank, this.now);
        this.detector.forget(rank);
      }
    }
  }

  /** How many beats of that member have arrived. */
  private beatsBefore(rank: number, now: number): number {
    const end = Math.min(now - WAY, this.stopAt[rank]!);
    return Math.max(0, Math.floor((end - START) / this.detector.beatMicros));
  }

  private nextArrival(): number {
    const arrivals = this.stopAt.map((stop, rank) => {
      const at = START + (this.lastHeard[rank]! + 1) * this.detector.beatMicros;
      return rank === 0 || at > stop ? Infinity : at + WAY;
    });
    return Math.min(...arrivals);
  }
}

describe('the failure detector', () => {
  it('suspects nobody who beats, and beats itself, for an hour', () => {
    const hour = 3_600_000_000;
    const watch = new Watch([Infinity, Infinity, Infinity]).run(START + hour);
    expect([...watch.suspectedAt]).to.deep.equal([]);
    expect(watch.beats.length).to.be.within(
      hour / watch.detector.beatMicros - 2,
      hour / watch.detector.beatMicros + 2,
    );
  });

  it('suspects who is silent after the time of a suspicion, and none of the others', () => {
    const died = START + 10_000_000;
    const watch = new Watch([Infinity, died, Infinity]).run(died + 10 * SUSPICION);
    const { beatMicros } = watch.detector;
    expect([...watch.suspectedAt.keys()]).to.deep.equal([1]);
    expect(watch.suspectedAt.get(1)).to.be.within(died + SUSPICION - beatMicros, died + SUSPICION + WAY);
  });

  it('suspects somebody who is known and was never heard', () => {
    const watch = new Watch([Infinity, START]).run(START + 2 * SUSPICION);
    expect(watch.suspectedAt.get(1)).to.equal(START + SUSPICION);
  });

  it('waits for ever for somebody who is not known yet, and no longer than for others once it was heard', () => {
    const died = START + 10_000_000;
    const watch = new Watch([Infinity, START, died], false).run(died + 100 * SUSPICION);
    const { beatMicros } = watch.detector;
    expect([...watch.suspectedAt.keys()]).to.deep.equal([2]);
    expect(watch.suspectedAt.get(2)).to.be.within(died + SUSPICION - beatMicros, died + SUSPICION + WAY);
  });

  it('suspects somebody who was expected by then and not heard, and puts off nobody who is waited for already', () => {
    const watch = new Watch([Infinity, START, START, Infinity], false);
    const { detector } = watch;
    detector.heard(2, START);
    for (const rank of [0, 1, 2]) detector.expect(rank, START + 5 * SUSPICION);
    detector.expect(1, START + 9 * SUSPICION);
    watch.run(START + 20 * SUSPICION);
    expect([...watch.suspectedAt]).to.deep.equal([
      [2, START + SUSPICION],
      [1, START + 5 * SUSPICION],
    ]);
  });

  it('expects nothing of somebody who is forgotten', () => {
    const { detector } = new Watch([Infinity, START], false);
    detector.forget(1);
    detector.expect(1, START + SUSPICION);
    detector.heard(1, START);
    expect(detector.isSilent(1, START + 10 * SUSPICION)).to.equal(false);
  });

  it('beats whether or not anybody is known', () => {
    for (const isKnown of [true, false]) {
      const watch = new Watch([Infinity, START], isKnown).run(START + 4 * SUSPICION);
      const due = (4 * SUSPICION) / watch.detector.beatMicros;
      expect(watch.beats.length, `known: ${isKnown}`).to.be.within(due - 2, due + 2);
    }
  });

  for (const factor of [0.1, 0.5, 0.9, 1, 1.1, 3, 1000]) {
    it(`accuses nobody for a stall of its own of ${factor} times that time`, () => {
      const from = START + 5_000_000;
      const to = from + factor * SUSPICION;
      const watch = new Watch([Infinity, Infinity, Infinity]).run(to + 20 * SUSPICION, [from, to]);
      expect([...watch.suspectedAt]).to.deep.equal([]);
    });
  }

  it('gives who died during its stall the rest of the time, and no more', () => {
    const from = START + 5_000_000;
    const to = from + 10 * SUSPICION;
    const watch = new Watch([Infinity, from + SUSPICION, Infinity]).run(to + 20 * SUSPICION, [from, to]);
    expect([...watch.suspectedAt.keys()]).to.deep.equal([1]);
    expect(watch.suspectedAt.get(1)).to.be.within(to + SUSPICION / 2, to + SUSPICION);
  });

  it('bears a pause of half that time of another', () => {
    const { detector } = new Watch([Infinity, Infinity]);
    for (let now = START; now < START + 100 * SUSPICION; now += SUSPICION / 2) {
      for (let turn = now; turn < now + SUSPICION / 2; turn += detector.beatMicros) {
        detector.turn(turn);
        expect(detector.isSilent(1, turn)).to.equal(false);
      }
      detector.heard(1, now + SUSPICION / 2);
    }
  });
});
