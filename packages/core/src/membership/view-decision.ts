/**
 * ViewDecision is how the members of a view that ends agree on one record (view-record.ts): single-decree Paxos among all of
 * them. Nobody sends anything: each writes its own row, and reads those of the others, which are past values of theirs.
 *
 * | cell of a row | meaning                                                                                               |
 * | ------------- | ----------------------------------------------------------------------------------------------------- |
 * | promised      | I accept nothing below this ballot. Where the ballot is mine, it asks the others for the same promise  |
 * | accepted      | the ballot under which I last accepted a record; the record lies in my row, and was written before it   |
 *
 * Ballots count from 1; 0 is none. Rank r owns r + 1, r + 1 + N, r + 1 + 2N, ..., and under one ballot there is one record, for
 * ever. The first ballot of rank 0 needs no promises, for there is none below it. Every other one
 *
 *  1. gathers promises from more than half of the view, each with the record that its member had accepted by then;
 *  2. takes over the record with the highest ballot among them, and only where there is none makes its own.
 *
 * A record is *chosen* once more than half of all members of the view have accepted it under one ballot. Nothing else can be
 * chosen then: whoever gathers promises from more than half meets one who accepted it, and takes it over. Members that are
 * suspected count as well, by what their rows showed last: what somebody accepted it has accepted.
 *
 * Duels of proposers cost time and never the agreement. When to propose is the caller's choice.
 */
import { assert } from '../assert.js';
import { isMajority } from '../view/view.js';
import type { Fate } from '../view/next-view.js';
import type { ViewRecord } from './view-record.js';

/** One member's part of the decision, as its row shows it. */
export interface Vote {
  readonly promised: number;
  readonly accepted: number;
  /** Of the ballot `accepted`; undefined where there is none, or where it cannot be read yet. */
  readonly record: ViewRecord | undefined;
}

/** What a proposer puts into a record of its own. */
export type Proposal = Omit<ViewRecord, 'ballot'>;

const NO_VOTE: Vote = { promised: 0, accepted: 0, record: undefined };

export class ViewDecision {
  /** By rank; mine is what my row is to show. */
  private readonly votes: Vote[];
  /** The ballot that I try to get a record chosen under; 0 where I do not, or where a higher one has come. */
  private ballot = 0;
  private makeRecord: (() => Proposal) | undefined;

  constructor(
    private readonly size: number,
    private readonly myRank: number,
  ) {
    assert(myRank >= 0 && myRank < size, `rank ${myRank} in a view of ${size}`);
    this.votes = new Array<Vote>(size).fill(NO_VOTE);
  }

  /** What my row is to show: the record before `accepted`. */
  get mine(): Vote {
    return this.votes[this.myRank]!;
  }

  /** Whether I gather promises, or wait for others to accept. False also when somebody with a higher ballot came in between. */
  get isProposing(): boolean {
    return this.ballot > 0;
  }

  /** Takes over what the row of another member shows now. */
  see(rank: number, vote: Vote): void {
    assert(rank !== this.myRank, 'my own vote is not read from a row');
    this.votes[rank] = vote;
  }

  /**
   * Tries to have a record chosen, under a ballot above all that I know of. What is chosen in the end may be another's.
   *
   * @param makeRecord is called where there is no record to be taken over, until what it makes may be accepted
   */
  propose(makeRecord: () => Proposal): void {
    const highest = this.votes.reduce((most, vote) => Math.max(most, vote.promised, vote.accepted), 0);
    this.ballot = this.ownedAbove(highest);
    this.makeRecord = makeRecord;
    this.promise(this.ballot);
  }

  /** Carries my own proposal on no more. What I have promised and accepted stays. */
  giveUp(): void {
    this.ballot = 0;
  }

  /**
   * Does what the rows call for: promises, accepts, carries my own proposal on. Says whether my vote changed.
   *
   * @param mayCarryOn whether I may have a record accepted that says this; where I may not, a later turn tries again. Any, where it
   *   is left out
   */
  turn(mayCarryOn: (fates: readonly Fate[]) => boolean = () => true): boolean {
    const before = this.mine;
    this.followPromises();
    this.acceptHighest();
    // Somebody's promise of more is enough: it may be one of those whose promise I need.
    if (this.ballot > 0 && this.votes.some(({ promised }) => promised > this.ballot)) this.giveUp();
    if (this.ballot > 0 && this.mine.accepted < this.ballot) this.carryOn(mayCarryOn);
    return this.mine !== before;
  }

  /** The record that is chosen, once I can tell and read it. */
  get chosen(): ViewRecord | undefined {
    for (const { accepted, record } of this.votes) {
      if (record === undefined) continue;
      const count = this.votes.reduce((sum, vote) => sum + (vote.accepted === accepted ? 1 : 0), 0);
      if (isMajority(count, this.size)) return record;
    }
    return undefined;
  }

  /**
   * Accepts a record that I know to be chosen, whatever I have promised since: my row then tells it to whoever comes late. It
   * changes no outcome, for nothing else can be chosen any more.
   */
  learn(record: ViewRecord): void {
    const { promised, accepted } = this.mine;
    if (record.ballot <= accepted) return;
    this.votes[this.myRank] = {
      promised: Math.max(promised, record.ballot),
      accepted: record.ballot,
      record,
    };
  }

  /** My smallest ballot above `ballot`. */
  private ownedAbove(ballot: number): number {
    const rounds = Math.max(0, Math.ceil((ballot - this.myRank) / this.size));
    return this.myRank + 1 + rounds * this.size;
  }

  private ownerOf(ballot: number): number {
    return (ballot - 1) % this.size;
  }

  private promise(ballot: number): void {
    if (ballot > this.mine.promised) this.votes[this.myRank] = { ...this.mine, promised: ballot };
  }

  /** Whoever shows a promise for a ballot of its own asks for mine. */
  private followPromises(): void {
    for (let rank = 0; rank < this.size; rank++) {
      const { promised } = this.votes[rank]!;
      if (promised > 0 && this.ownerOf(promised) === rank) this.promise(promised);
    }
  }

  private acceptHighest(): void {
    for (const { accepted, record } of this.votes) {
      if (record !== undefined && accepted >= this.mine.promised && accepted > this.mine.accepted)
        this.accept(record);
    }
  }

  private accept(record: ViewRecord): void {
    const { ballot } = record;
    assert(ballot >= this.mine.promised, `ballot ${ballot} below the promise of ${this.mine.promised}`);
    this.votes[this.myRank] = { promised: ballot, accepted: ballot, record };
  }

  /** Accepts a record under my ballot once I may; the others follow. */
  private carryOn(mayCarryOn: (fates: readonly Fate[]) => boolean): void {
    const promises = this.ballot === 1 ? [this.mine] : this.votes.filter(vote => this.isPromise(vote));
    if (this.ballot > 1 && !isMajority(promises.length, this.size)) return;
    const highest = promises.reduce((best, vote) => (vote.accepted > best.accepted ? vote : best), NO_VOTE);
    const { fates, trims, layout, joiners } = highest.record ?? this.makeRecord!();
    if (mayCarryOn(fates)) this.accept({ ballot: this.ballot, fates, trims, layout, joiners });
  }

  /** A promise counts with what its member had accepted by then; where that cannot be read, it does not count yet. */
  private isPromise({ promised, accepted, record }: Vote): boolean {
    return promised === this.ballot && (accepted === 0 || record !== undefined);
  }
}
