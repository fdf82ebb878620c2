/**
 * FailureDetector says whom I have not heard for too long. It has no timer and sends nothing: it is told when a row showed a
 * new beat, says when mine is due, and is asked now and then.
 *
 * Silence counts only while I listen. A turn that comes late, because this process stood still or had too much to do, would
 * find everybody silent at once; the members that it accused could all be well. So what a turn is late is forgiven: all
 * that I wait for is put off by so much, and whoever beats is heard before anybody is accused.
 *
 * A suspicion is a guess. What it costs when it is wrong is a member, never the agreement.
 */
import { assert } from '../assert.js';

/** Beats in the time after which silence is a suspicion: some may be late, and nobody is accused for it. */
const BEATS_PER_SUSPICION = 8;

export class FailureDetector {
  /** Microseconds between two beats of mine, about. */
  readonly beatMicros: number;
  /** By rank: when silence becomes a suspicion; Infinity where nothing is expected. */
  private readonly dueAt: Float64Array;
  private readonly isForgotten: boolean[];
  private beatAt: number;

  /**
   * @param suspicionMicros silence for so long is a suspicion
   * @param now microseconds, never falling
   * @param isKnown whether the member of that rank counts as heard now; else nothing is expected of it before `heard` or `expect`
   */
  constructor(
    size: number,
    myRank: number,
    private readonly suspicionMicros: number,
    now: number,
    isKnown: (rank: number) => boolean,
  ) {
    assert(suspicionMicros >= BEATS_PER_SUSPICION, `a suspicion after ${suspicionMicros} us`);
    this.beatMicros = Math.floor(suspicionMicros / BEATS_PER_SUSPICION);
    this.dueAt = Float64Array.from({ length: size }, (_, rank) =>
      isKnown(rank) ? now + suspicionMicros : Infinity,
    );
    this.isForgotten = new Array<boolean>(size).fill(false);
    this.beatAt = now;
    this.forget(myRank);
  }

  /** When `turn` should be called at the latest: microseconds. */
  get nextDeadline(): number {
    let next = this.beatAt;
    for (const due of this.dueAt) if (due < next) next = due;
    return next;
  }

  /** That member showed a new beat. Call it before `turn`. */
  heard(rank: number, now: number): void {
    if (!this.isForgotten[rank]) this.dueAt[rank] = now + this.suspicionMicros;
  }

  /** That member is to be heard by then, unless it is waited for already. */
  expect(rank: number, dueAt: number): void {
    if (this.dueAt[rank] === Infinity && !this.isForgotten[rank]) this.dueAt[rank] = dueAt;
  }

  /** Nothing more is expected of that member. */
  forget(rank: number): void {
    this.isForgotten[rank] = true;
    this.dueAt[rank] = Infinity;
  }

  /**
   * Takes a look at the time.
   *
   * @returns whether my own beat is due
   */
  turn(now: number): boolean {
    const late = now - this.nextDeadline;
    if (late > this.beatMicros) this.putOff(late, now);
    if (now < this.beatAt) return false;
    this.beatAt = now + this.beatMicros;
    return true;
  }

  /** Whether that member has been silent for too long, as of the last `turn`. */
  isSilent(rank: number, now: number): boolean {
    return now >= this.dueAt[rank]!;
  }

  /**
   * I stood still for so long: whoever would be accused now has not been listened to. Whom I heard just now is waited for
   * from now.
   */
  private putOff(micros: number, now: number): void {
    const latest = now + this.suspicionMicros;
    for (let rank = 0; rank < this.dueAt.length; rank++) {
      const due = this.dueAt[rank]!;
      if (due < latest) this.dueAt[rank] = Math.min(due + micros, latest);
    }
  }
}
