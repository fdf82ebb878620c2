/**
 * A small random model of how a view ends: the shipped `ViewEnd` on the shipped `Table`, in two to five members that are all
 * replicas and senders of one set. What is left out is the ring: a member says how many frames it has published and
 * acknowledged, and delivers what everybody has acknowledged.
 *
 * Writes land in order per link, late, notes and counters in cells of 8 bytes in any order. Members die between any two
 * writes, and of what they had under way a prefix lands. Members suspect others, rightly or not. Whoever suspects somebody, or
 * sees that anybody is wedged, wedges. In the end the dead are suspected by all who live, everything lands and time goes on.
 *
 * A planted bug is a rule of `EndRules` that is off, or a patch of a prototype (view-end-model.test.ts).
 */
import {
  EndNotes,
  ReadLease,
  TAKES_NONE,
  Table,
  ViewEnd,
  foundingView,
  isMajority,
  memberColumns,
  tableLayout,
  whoStays,
  type View,
} from '@bowecho/core';
import { Dice } from './dice.js';

/** What the model itself does right, or not. */
export interface EndRules {
  /** Nothing is acknowledged after the wedge. */
  readonly lastWord: boolean;
  /** Notes are written before the counters that vouch for them. */
  readonly notesFirst: boolean;
  /** Only what everybody has acknowledged is delivered. */
  readonly waitForStable: boolean;
}

export const END_RULES: EndRules = { lastWord: true, notesFirst: true, waitForStable: true };

/** A write under way: a cell of the member table, or how many frames of each sender a member holds. */
type Write =
  | { readonly kind: 'cell'; readonly at: number; readonly value: number }
  | { readonly kind: 'held'; readonly counts: readonly number[] };

class Member {
  isAlive = true;
  isWedged = false;
  readonly table: Table;
  readonly cells: Float64Array;
  readonly end: ViewEnd;
  /** By rank, by sender: frames that this member knows to be held there. Mine is what I hold. */
  readonly held: number[][];
  /** By sender. */
  readonly delivered: number[];
  /** Whom I suspect. */
  readonly suspects = new Set<number>();

  constructor(
    readonly rank: number,
    view: View,
    notes: EndNotes,
  ) {
    const size = view.members.length;
    const columns = memberColumns(size);
    const layout = tableLayout(columns.block, size, [], 0, notes.cells);
    const memory = new ArrayBuffer(layout.bytes);
    this.table = new Table(layout, memory, rank);
    this.cells = new Float64Array(memory);
    const lease = new ReadLease(size, rank, this.table, columns, Infinity);
    this.end = new ViewEnd(view, rank, this.table, columns, notes, lease, TAKES_NONE);
    this.held = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    this.delivered = new Array<number>(size).fill(0);
  }
}

const STEPS = 350;
/** Of the end, 20 ms each. */
const LAST_ROUNDS = 100;
const ROUND_MICROS = 20_000;

export class ViewEndModel {
  private readonly view: View;
  private readonly columns: ReturnType<typeof memberColumns>;
  private readonly members: readonly Member[];
  /** By source, then target. */
  private readonly links: Write[][][];
  private readonly dice: Dice;
  private now = 1_000_000;
  /** What this run came to, for whoever wants to know that it was tried. */
  outcome: 'decided' | 'minority' = 'minority';

  constructor(
    seed: number,
    private readonly rules: EndRules = END_RULES,
    private readonly log: (line: string) => void = () => undefined,
  ) {
    this.dice = new Dice(seed);
    const size = 2 + this.dice.below(4);
    this.view = viewOf(size);
    this.columns = memberColumns(size);
    const notes = new EndNotes(this.view);
    this.members = this.view.members.map((_, rank) => new Member(rank, this.view, notes));
    this.links = this.members.map(() => this.members.map(() => []));
  }

  /** Runs to the end. Returns what went wrong, or undefined. */
  run(): string | undefined {
    const calm = 40 + this.dice.below(80);
    for (let step = 0; step < STEPS; step++) {
      this.now += this.dice.below(3000);
      const roll = this.dice.below(100);
      const member = this.members[this.dice.below(this.members.length)]!;
      if (roll < 60) this.landSomething(member);
      else if (!member.isAlive) continue;
      else if (roll < 97 || step < calm) this.turn(member);
      else if (roll < 98) this.suspect(member, this.dice.below(this.members.length));
      else if (this.dice.below(3) === 0) this.crash(member);
    }
    return this.end() ?? this.disagreement();
  }

  private landSomething(target: Member, source = this.dice.below(this.members.length)): boolean {
    const write = this.links[source]![target.rank]!.shift();
    if (write === undefined) return false;
    if (write.kind === 'cell') target.cells[write.at] = write.value;
    else if (!target.suspects.has(source)) target.held[source] = [...write.counts];
    return true;
  }

  private turn(member: Member): void {
    const { table, end, rank, held, delivered } = member;
    table.takeSnapshot();
    const mine = held[rank]!;
    if (!member.isWedged || !this.rules.lastWord) {
      if (!member.isWedged && this.dice.below(2) === 0) mine[rank]!++;
      for (const [sender, theirs] of held.entries()) if (sender !== rank) mine[sender] = theirs[sender]!;
    }
    if (!member.isWedged) {
      for (const sender of held.keys()) {
        const stable = Math.min(...held.map(counts => counts[sender]!));
        delivered[sender] = this.rules.waitForStable ? stable : mine[sender]!;
      }
      if (table.firstRowWith(this.columns.wedged, 1) >= 0) this.wedge(member);
    }
    if (member.isWedged) {
      end.turn(this.now);
      if (end.nextDeadline <= this.now) throw new Error(`rank ${rank} would never rest`);
    }
    this.post(member);
  }

  private wedge(member: Member): void {
    member.isWedged = true;
    member.end.wedge([[...member.held[member.rank]!]], 1, [], this.now);
    this.log(`${member.rank}: wedges with ${member.held[member.rank]!.join()}`);
  }

  private suspect(member: Member, rank: number): void {
    if (rank === member.rank || member.suspects.has(rank)) return;
    member.suspects.add(rank);
    member.end.suspect(rank);
    this.log(`${member.rank}: suspects ${rank}`);
    if (!member.isWedged) this.wedge(member);
  }

  /** What I hold goes first, as shard tables do; then my row of the member table. */
  private post({ rank, table, held, suspects, cells }: Member): void {
    const notes = table.changedNotesBytes / 8;
    const notesAt = table.changedNotesOffset / 8;
    const isDirty = table.isDirty;
    if (isDirty) table.sealCounters();
    for (const target of this.members) {
      if (target.rank === rank || suspects.has(target.rank)) continue;
      const link = this.links[rank]![target.rank]!;
      link.push({ kind: 'held', counts: [...held[rank]!] });
      if (!isDirty) continue;
      const noted = this.cellsOf(cells, notesAt, notes);
      const counted = this.cellsOf(cells, table.countersOffset / 8, table.countersBytes / 8);
      link.push(...(this.rules.notesFirst ? [...noted, ...counted] : [...counted, ...noted]));
    }
  }

  private cellsOf(cells: Float64Array, from: number, count: number): Write[] {
    const writes: Write[] = Array.from({ length: count }, (_, i) => ({
      kind: 'cell',
      at: from + i,
      value: cells[from + i]!,
    }));
    this.dice.shuffle(writes);
    return writes;
  }

  private crash(member: Member): void {
    member.isAlive = false;
    for (const link of this.links[member.rank]!) link.length = this.dice.below(link.length + 1);
    this.log(`${member.rank}: dies`);
  }

  private alive(): readonly Member[] {
    return this.members.filter(member => member.isAlive);
  }

  /** No more harm. Those who stay, if they are enough and all live, must come to a decision. */
  private end(): string | undefined {
    const alive = this.alive();
    if (alive.length === 0) return undefined;
    // Who suspects me writes to me no more, and so falls silent for me, as the dead do.
    for (const member of alive)
      for (const { rank, isAlive, suspects } of this.members)
        if (!isAlive || suspects.has(member.rank)) this.suspect(member, rank);
    if (!this.members.some(({ isWedged }) => isWedged)) this.wedge(alive[0]!);
    for (let round = 0; round < LAST_ROUNDS; round++) {
      this.now += ROUND_MICROS;
      for (const member of alive) {
        this.members.forEach((_, source) => {
          while (this.landSomething(member, source));
        });
        this.turn(member);
      }
    }
    const size = this.members.length;
    const suspected = this.members.map(({ suspects }) => this.members.map(({ rank }) => suspects.has(rank)));
    const staying = alive
      .map(({ rank }) => whoStays(size, suspected, rank))
      .find((kept, i) => kept.includes(alive[i]!.rank) && isMajority(kept.length, size));
    if (staying === undefined) return undefined;
    this.outcome = 'decided';
    const waiting = staying.find(rank => this.members[rank]!.end.decided === undefined);
    if (waiting === undefined) return undefined;
    return `rank ${waiting} sees nothing decided, though ${staying.join()} live and nobody suspects another of them`;
  }

  /** One record; all that was ever delivered is within its trim; and those who are to deliver up to it hold that much. */
  private disagreement(): string | undefined {
    const records = this.members.map(({ end }) => end.decided);
    const first = records.find(record => record !== undefined);
    if (first === undefined) return undefined;
    const text = JSON.stringify([first.fates, first.trims]);
    const other = records.findIndex(
      record => record !== undefined && JSON.stringify([record.fates, record.trims]) !== text,
    );
    if (other >= 0)
      return `rank ${other} has ${JSON.stringify(records[other])} decided, and another one ${text}`;
    const { fates, trims } = first;
    const kept = fates.filter(fate => fate !== 'lost').length;
    if (!isMajority(kept, fates.length)) return `${kept} of ${fates.length} members go on: ${text}`;
    const [trim] = trims as [number[]];
    for (const { rank, delivered, held, isWedged } of this.members) {
      const beyond = delivered.findIndex((count, sender) => count > trim[sender]!);
      if (beyond >= 0)
        return `rank ${rank} has delivered ${delivered[beyond]} frames of ${beyond}, beyond the trim of ${text}`;
      if (fates[rank] === 'lost') continue;
      if (!isWedged) return `rank ${rank} goes on and is not wedged: ${text}`;
      const missing = held[rank]!.findIndex((count, sender) => count < trim[sender]!);
      if (missing >= 0)
        return `rank ${rank} holds ${held[rank]![missing]} frames of ${missing}, and the trim is ${text}`;
    }
    return undefined;
  }
}

function viewOf(size: number): View {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const members = ranks.map(rank => ({ id: `n${rank}`, incarnation: 1 }));
  return foundingView(members, [
    { name: 'a', mode: 'ordered', shards: [{ replicas: ranks, senders: ranks }] },
  ]);
}
