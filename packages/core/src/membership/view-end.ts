/**
 * ViewEnd brings the members of a view that ends from their last word to one decided record. It lives in the member table:
 *
 *  1. `wedge`: my final counts, by replica set and sender how many frames I acknowledged, lie in the notes of my row,
 *     and `wedged` vouches for them; so do those whom I let in, if any. I acknowledge nothing more, so whatever any member ever delivers was acknowledged by then.
 *  2. Who stays follows from who suspects whom (view/next-view.ts), my own suspicions first: one cut link costs the
 *     younger of its ends. Those who stay, and those who leave on purpose, must be more than half of the view, or
 *     nothing can be decided here.
 *  3. The oldest of them proposes as soon as all of them are wedged: the trim of each set is the minimum of the final counts of
 *     its replicas among them. Nobody can have delivered more, and all of them hold it. Where it does not get on, the next
 *     oldest proposes too, each after a time that grows with its place. Who joins was let in by one of those who stay. Where some
 *     shard would have fewer replicas than it must have, nobody proposes; but the oldest goes on letting others in (`doorkeeper`), and
 *     proposes as soon as they make up for it.
 *     Before a record is accepted that leaves somebody out, its proposer waits until that member holds no lease by it (read-lease.ts).
 *  4. All vote (view-decision.ts), those too whom others suspect. Whoever sees a record chosen shows so, with the record, and who
 *     comes late takes it from there: one row is enough then.
 *
 * Nothing here reads a shard table: final counts come with the row that vouches for them.
 */
import { assert } from '../assert.js';
import { raggedTrim } from '../multicast/stability.js';
import type { TakesBranch } from '../rare-branches.js';
import type { MemberColumns } from '../table/member-columns.js';
import type { Table } from '../table/table.js';
import { nextView, whoStays, type Fate, type NextView } from '../view/next-view.js';
import { NO_PLACEMENTS, type Placements } from '../view/placement.js';
import { isMajority, rankOf, type MemberIdentity, type ReplicaSet, type View } from '../view/view.js';
import { JOINER_CELLS, MOST_JOINERS, readJoiners, writeJoiners } from './joiner-cells.js';
import { ViewDecision, type Proposal } from './view-decision.js';
import type { ReadLease } from './read-lease.js';
import { RecordLayout, type ViewRecord } from './view-record.js';

/** Whoever is next in age proposes after so much longer, where nothing is decided. */
const PATIENCE_MICROS = 100_000;
/** Of that, how long a proposer waits who would leave somebody out whom it does not suspect: before the next one is due. */
const CONTEST_SHARE = 1 / 2;
/**
 * Who tries again gives the others twice the time, up to so many times: proposers that are faster than their rows travel
 * would else overtake each other for ever.
 */
const MOST_DOUBLINGS = 8;

/** How the notes of a row in the member table lie: final counts of all sets and senders, the record, whom its member lets in. */
export class EndNotes {
  readonly sets: readonly ReplicaSet[];
  readonly record: RecordLayout;
  /** Cells of the final counts; the record follows. */
  readonly finalCells: number;
  /** Where those lie whom the member lets in. */
  readonly joinersAt: number;
  readonly cells: number;
  /** By set: where its senders begin among the final counts. */
  private readonly firstOfSet: readonly number[];

  constructor(view: View) {
    this.sets = view.sets;
    this.record = new RecordLayout(view);
    let at = 0;
    this.firstOfSet = this.sets.map(({ senders }) => {
      const first = at;
      at += senders.length;
      return first;
    });
    this.finalCells = at;
    this.joinersAt = at + this.record.cells;
    this.cells = this.joinersAt + JOINER_CELLS;
  }

  /** The final counts of one set, among those of all. */
  finalsOf(set: number, finals: Float64Array): Float64Array {
    const first = this.firstOfSet[set]!;
    return finals.subarray(first, first + this.sets[set]!.senders.length);
  }
}

/** What a member would propose, as far as it knows. */
interface Outlook {
  readonly fates: readonly Fate[];
  readonly joiners: readonly MemberIdentity[];
  readonly next: NextView;
}

export class ViewEnd {
  private readonly size: number;
  private readonly decision: ViewDecision;
  /** By rank: cells to copy notes into. */
  private readonly finals: readonly Float64Array[];
  private readonly recordCells: Float64Array;
  private wedgedAt = Infinity;
  /** When I propose at the soonest, if nothing is decided by then. */
  private proposeAt = Infinity;
  /** A record that I would have accepted leaves out who may hold a lease until then. */
  private heldUntil = -Infinity;
  /** How often I have proposed. */
  private tries = 0;
  /** When `turn` came last. */
  private lookedAt = -Infinity;
  private known: ViewRecord | undefined;
  /** Whom I have let in since I am wedged: only my own proposals know of them. */
  private readonly late: MemberIdentity[] = [];

  /** @param table the member table, with notes of `notes.cells` cells */
  constructor(
    private readonly view: View,
    private readonly myRank: number,
    private readonly table: Table,
    private readonly columns: MemberColumns,
    private readonly notes: EndNotes,
    private readonly lease: ReadLease,
    private readonly takes: TakesBranch,
    private readonly placements: Placements = NO_PLACEMENTS,
  ) {
    this.size = view.members.length;
    this.decision = new ViewDecision(this.size, myRank);
    this.finals = view.members.map(() => new Float64Array(notes.finalCells));
    this.recordCells = new Float64Array(notes.record.cells);
  }

  /** I take that member for dead: its row stays as it is, and all will see that I suspect it. */
  suspect(rank: number): void {
    assert(rank !== this.myRank, 'nobody suspects itself');
    this.table.raise(this.columns.suspects + rank, 1);
    this.table.freeze(rank);
  }

  /**
   * My last word. Call it once, in the turn that stops acknowledging.
   *
   * @param finals by set, by sender: frames acknowledged; undefined where I am no replica
   * @param cause the value of `wedged`, above 0
   * @param joiners whom I let in, at most `MOST_JOINERS`
   * @param now microseconds, never falling
   */
  wedge(
    finals: readonly (ArrayLike<number> | undefined)[],
    cause: number,
    joiners: readonly MemberIdentity[],
    now: number,
  ): void {
    assert(this.wedgedAt === Infinity, 'a member wedges once in a view');
    const cells = new Float64Array(this.notes.finalCells);
    finals.forEach((counts, set) => this.notes.finalsOf(set, cells).set(counts ?? []));
    this.table.writeNotes(0, cells);
    if (joiners.length > 0) {
      const slots = new Float64Array(JOINER_CELLS);
      writeJoiners(joiners, slots, 0);
      this.table.writeNotes(this.notes.joinersAt, slots);
    }
    this.table.raise(this.columns.wedged, cause);
    this.wedgedAt = now;
    this.proposeAt = now;
  }

  get isWedged(): boolean {
    return this.wedgedAt < Infinity;
  }

  /** The record, once it is chosen and I can tell. */
  get decided(): ViewRecord | undefined {
    return this.known;
  }

  /** The ranks that go on together, as far as I know; fewer than a majority of them can decide nothing. */
  get staying(): readonly number[] {
    const suspected = Array.from({ length: this.size }, (_, rank) => this.suspectedBy(rank));
    return whoStays(this.size, suspected, this.myRank);
  }

  /** Whether those who stay, as far as I know, can decide anything. */
  get isMajority(): boolean {
    return isMajority(this.staying.length, this.size);
  }

  /** Whether I can still reach more than half of the view: suspect fewer than half. */
  get reachesMajority(): boolean {
    const reached = this.suspectedBy(this.myRank).filter(isSuspected => !isSuspected).length;
    return isMajority(reached, this.size);
  }

  /** Those who stay, as far as I know, and have not said their last word. */
  get missingWords(): readonly number[] {
    return this.staying.filter(rank => this.table.read(rank, this.columns.wedged) === 0);
  }

  /** The shards that would have too few replicas, in words: as long as there are any, nobody proposes. */
  get missingReplicas(): readonly string[] {
    const { next } = this.outlook(this.staying);
    return next.kind === 'inadequate' ? next.missing : [];
  }

  /**
   * The only member that lets others in, by rank, where all have said their last word and replicas are missing; undefined otherwise.
   * It is the one that is to propose: nobody else has to be told of them.
   */
  get doorkeeper(): number | undefined {
    const isStuck = this.isWedged && this.known === undefined && !this.decision.isProposing;
    if (!isStuck || !this.isMajority || this.missingWords.length > 0) return undefined;
    return this.missingReplicas.length > 0 ? this.staying[0] : undefined;
  }

  /** Lets somebody in after my last word. Only the doorkeeper does. */
  letIn(joiner: MemberIdentity): void {
    assert(this.doorkeeper === this.myRank, 'who lets others in after its last word is to propose');
    this.late.push(joiner);
  }

  /** Whether I am ready to go, and no shard would have too few replicas if I went. */
  get mayLeave(): boolean {
    return this.fates(this.staying)[this.myRank] === 'leaves';
  }

  /** The shards that would have too few replicas if I went, in words. */
  get neededFor(): readonly string[] {
    return this.missingAfter(this.view.members.map((_, rank) => (rank === this.myRank ? 'leaves' : 'stays')));
  }

  /** What I would propose if those stay. Joiners that cannot be placed are no reason to stand still. */
  private outlook(staying: readonly number[]): Outlook {
    const fates = this.fates(staying);
    const joiners = this.joiners(staying, fates);
    const next = nextView(this.view, fates, joiners, this.placements);
    if (next.kind !== 'inadequate' || joiners.length === 0) return { fates, joiners, next };
    const without = nextView(this.view, fates);
    return without.kind === 'inadequate' ? { fates, joiners, next } : { fates, joiners: [], next: without };
  }

  /** Where everybody goes nobody replicates anything. */
  private layoutOf(next: NextView): Proposal['layout'] {
    assert(next.kind !== 'inadequate', 'nobody proposes an inadequate view');
    return next.kind === 'next'
      ? next.view.sets.map(({ replicas }) => replicas)
      : this.view.sets.map(() => []);
  }

  private missingAfter(fates: readonly Fate[]): readonly string[] {
    const next = nextView(this.view, fates);
    return next.kind === 'inadequate' ? next.missing : [];
  }

  /**
   * When `turn` must come though nothing happened: microseconds, or Infinity. What I looked for in vain comes with a
   * change of the table, and that brings a turn by itself.
   */
  get nextDeadline(): number {
    const { proposeAt, heldUntil, lookedAt } = this;
    return Math.min(
      proposeAt > lookedAt ? proposeAt : Infinity,
      heldUntil > lookedAt && this.decision.isProposing ? heldUntil : Infinity,
    );
  }

  /**
   * After a snapshot of the table: votes, and proposes where it is my turn to. Not before `wedge`; and also when I know what is
   * decided, for others may have frozen a row that I have read, and need my vote for more.
   */
  turn(now: number): void {
    assert(this.isWedged, 'who is not wedged has no vote');
    this.lookedAt = now;
    for (let rank = 0; rank < this.size; rank++) if (rank !== this.myRank) this.lookAt(rank);
    const isFirstTry = this.tries === 0 && this.known === undefined;
    const isOutOfTurn = isFirstTry && this.takes('proposes out of turn');
    // Whose turn it is changes with who stays: an older one may have been lost since I looked.
    if (isFirstTry || now >= this.proposeAt) this.proposeIfDue(now, isOutOfTurn);
    if (this.tries === 1 && this.decision.isProposing && this.takes('gives its ballot up'))
      this.decision.giveUp();
    this.decision.turn(fates => this.mayLeaveOut(fates, now));
    const chosen = this.known === undefined ? this.decision.chosen : undefined;
    if (chosen !== undefined) this.learn(chosen);
    this.show();
    if (this.known !== undefined) this.table.raise(this.columns.decided, 1);
  }

  /** Takes a record that is chosen, as somebody says who knows. */
  learn(record: ViewRecord): void {
    this.known = record;
    this.proposeAt = Infinity;
    this.decision.learn(record);
  }

  private suspectedBy(rank: number): boolean[] {
    return Array.from(
      { length: this.size },
      (_, other) => this.table.read(rank, this.columns.suspects + other) > 0,
    );
  }

  private lookAt(rank: number): void {
    const { table, columns, notes } = this;
    const accepted = table.read(rank, columns.accepted);
    let record: ViewRecord | undefined;
    if (accepted > 0) {
      table.readNotes(rank, notes.finalCells, this.recordCells);
      record = notes.record.read(this.recordCells, accepted);
    }
    this.decision.see(rank, { promised: table.read(rank, columns.promised), accepted, record });
    if (record === undefined || this.known !== undefined) return;
    if (table.read(rank, columns.decided) > 0) this.learn(record);
  }

  /** Puts my vote into my row. */
  private show(): void {
    const { table, columns, notes } = this;
    const { promised, accepted, record } = this.decision.mine;
    if (accepted > table.read(this.myRank, columns.accepted)) {
      notes.record.write(record!, this.recordCells);
      table.writeNotes(notes.finalCells, this.recordCells);
    }
    table.raise(columns.promised, promised);
    table.raise(columns.accepted, accepted);
  }

  private proposeIfDue(now: number, isOutOfTurn: boolean): void {
    const { staying } = this;
    const place = staying.indexOf(this.myRank);
    const isReady = this.isMajority && this.missingWords.length === 0 && this.missingReplicas.length === 0;
    const from = Math.max(this.wedgedAt, this.releaseOf(staying, now));
    const waited = now - from;
    const turn = Math.max(isOutOfTurn ? 0 : place, this.isContested(staying) ? CONTEST_SHARE : 0);
    if (place >= 0 && isReady && waited >= turn * PATIENCE_MICROS) {
      if (!this.decision.isProposing) {
        const { fates, joiners, next } = this.outlook(staying); // as it is now: that was looked at
        this.decision.propose(() => ({
          fates,
          trims: this.trims(staying),
          layout: this.layoutOf(next),
          joiners,
        }));
      }
      this.proposeAt = now + (place + 1) * PATIENCE_MICROS * 2 ** Math.min(this.tries, MOST_DOUBLINGS);
      this.tries++;
    } else if (waited < turn * PATIENCE_MICROS) {
      this.proposeAt = from + turn * PATIENCE_MICROS;
    }
  }

  /** From when on nobody but these may hold a lease by me. */
  private releaseOf(staying: readonly number[], now: number): number {
    let release = -Infinity;
    for (let rank = 0; rank < this.size; rank++)
      if (!staying.includes(rank)) release = Math.max(release, this.lease.releasedAt(rank, now));
    return release;
  }

  /** Whether I may have a record accepted by which these are lost; it may be one that somebody else made. */
  private mayLeaveOut(fates: readonly Fate[], now: number): boolean {
    const kept = fates.flatMap((fate, rank) => (fate === 'lost' ? [] : [rank]));
    this.heldUntil = this.releaseOf(kept, now);
    return now >= this.heldUntil;
  }

  /**
   * Whether somebody would be left out whom I do not suspect and who has said its last word, because it suspects one who
   * is older, or the other way round. One of the two may have died, and I am about to hear of it: then the other one need not go.
   */
  private isContested(staying: readonly number[]): boolean {
    return this.suspectedBy(this.myRank).some(
      (isSuspected, rank) =>
        !isSuspected && !staying.includes(rank) && this.table.read(rank, this.columns.wedged) > 0,
    );
  }

  /**
   * Of those who are ready to go, oldest first, nobody goes who would leave a shard with too few replicas; unless all go.
   */
  private fates(staying: readonly number[]): readonly Fate[] {
    const ranks = Array.from({ length: this.size }, (_, rank) => rank);
    const leavers = staying.filter(rank => this.table.read(rank, this.columns.leaving) > 0);
    const fates = ranks.map((rank): Fate => (staying.includes(rank) ? 'stays' : 'lost'));
    const going = (some: readonly number[]): readonly Fate[] =>
      fates.map((fate, rank) => (some.includes(rank) ? 'leaves' : fate));
    if (this.missingAfter(going(leavers)).length === 0) return going(leavers);
    const free = leavers.reduce<readonly number[]>((some, rank) => {
      const more = [...some, rank];
      return this.missingAfter(going(more)).length === 0 ? more : some;
    }, []);
    return going(free);
  }

  /** Whom the member of that rank lets in, as its row shows; nobody before it is wedged. */
  admittedBy(rank: number): readonly MemberIdentity[] {
    const { table, columns, notes } = this;
    if (table.read(rank, columns.wedged) === 0) return [];
    const slots = new Float64Array(JOINER_CELLS);
    table.readNotes(rank, notes.joinersAt, slots);
    return readJoiners(slots, 0);
  }

  /**
   * Of those whom anybody who stays lets in, as many as may be lost again at once without a halt; the others are let in in the next
   * view. Not one whose id a member still has.
   */
  private joiners(staying: readonly number[], fates: readonly Fate[]): readonly MemberIdentity[] {
    const going = staying.filter(rank => fates[rank] === 'stays');
    const byId = new Map<string, MemberIdentity>();
    for (const joiner of [...staying.flatMap(rank => this.admittedBy(rank)), ...this.late]) {
      const isTaken = going.includes(rankOf(this.view, joiner.id));
      if (!isTaken && joiner.incarnation > (byId.get(joiner.id)?.incarnation ?? 0))
        byId.set(joiner.id, joiner);
    }
    const most = going.length === 0 ? 0 : Math.min(MOST_JOINERS, Math.max(1, going.length - 1));
    return [...byId.values()].slice(0, most);
  }

  /** Those who stay are wedged, so their final counts are there, and are final. */
  private trims(staying: readonly number[]): Proposal['trims'] {
    const { table, notes } = this;
    for (const rank of staying) table.readNotes(rank, 0, this.finals[rank]!);
    return notes.sets.map(({ index, replicas, senders }) => {
      const kept = replicas.filter(rank => staying.includes(rank));
      // Of a set that has lost all its replicas nothing can be delivered any more.
      if (kept.length === 0) return senders.map(() => 0);
      const finals = this.finals.map(cells => notes.finalsOf(index, cells));
      return raggedTrim(finals, kept);
    });
  }
}
