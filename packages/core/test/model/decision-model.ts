/**
 * A small random model of how the end of a view is decided: the shipped `ViewDecision` and `RecordLayout`, over rows that land
 * late, in two to five members. Nothing else of the protocol is in it.
 *
 * Each change of a member's vote is posted to every other member over a link of its own, in order: first the cells of the
 * record, one at a time and in any order, then the two counters as one. Members die between any two writes, and of what they
 * had under way a prefix lands. Members freeze the rows of others, whom they take for dead, rightly or not. Members propose,
 * each a record of its own, whenever the dice say so. In the end everybody who lives hears everything, and a proposer who is
 * heard by a majority goes on until something is chosen.
 *
 * A planted bug is a patch of a prototype (decision-model.test.ts).
 */
import {
  JOINER_CELLS,
  RecordLayout,
  ViewDecision,
  foundingView,
  isMajority,
  type Proposal,
  type View,
} from '@bowecho/core';
import { Dice } from './dice.js';

/** How a member's row is written: the protocol's way, or one of the wrong ones. */
export interface RowRules {
  /** The record is written before the ballot that vouches for it. */
  readonly recordFirst: boolean;
}

export const PROTOCOL_ROWS: RowRules = { recordFirst: true };

/** A write under way: cells of the record, or the counters. */
type Write =
  | { readonly kind: 'cell'; readonly cell: number; readonly value: number }
  | { readonly kind: 'counters'; readonly promised: number; readonly accepted: number };

/** What one member has in its memory of another. */
class Row {
  promised = 0;
  accepted = 0;
  isFrozen = false;
  readonly cells: Float64Array;

  constructor(layout: RecordLayout) {
    this.cells = new Float64Array(layout.cells);
  }
}

class Member {
  isAlive = true;
  readonly decision: ViewDecision;
  /** By rank. */
  readonly rows: Row[];
  proposals = 0;

  constructor(
    readonly rank: number,
    size: number,
    layout: RecordLayout,
  ) {
    this.decision = new ViewDecision(size, rank);
    this.rows = Array.from({ length: size }, () => new Row(layout));
  }
}

const STEPS = 300;
/** Rounds of the end, each with a proposal of the same member if it has none under way: two are enough. */
const LAST_ROUNDS = 6;

export class DecisionModel {
  private readonly members: readonly Member[];
  private readonly layout: RecordLayout;
  /** By source, then target. */
  private readonly links: Write[][][];
  private readonly dice: Dice;
  /** The first record that somebody saw chosen, without its ballot, as text. */
  private chosen: string | undefined;
  /** How many proposals were made, and how many members died. */
  proposals = 0;
  crashes = 0;

  constructor(
    seed: number,
    private readonly rules: RowRules = PROTOCOL_ROWS,
    private readonly log: (line: string) => void = () => undefined,
  ) {
    this.dice = new Dice(seed);
    const size = 2 + this.dice.below(4);
    this.layout = new RecordLayout(viewOf(size));
    this.members = Array.from({ length: size }, (_, rank) => new Member(rank, size, this.layout));
    this.links = this.members.map(() => this.members.map(() => []));
  }

  /** Runs to the end. Returns what went wrong, or undefined. */
  run(): string | undefined {
    const mayFreeze = this.dice.below(2) === 0;
    for (let step = 0; step < STEPS; step++) {
      const roll = this.dice.below(100);
      const member = this.members[this.dice.below(this.members.length)]!;
      if (roll < 55) this.landSomething(member.rank);
      else if (!member.isAlive) continue;
      else if (roll < 92) this.turn(member);
      else if (roll < 96) this.propose(member);
      else if (roll < 98) this.crash(member);
      else if (mayFreeze) this.freeze(member);
      const wrong = this.disagreement();
      if (wrong !== undefined) return wrong;
    }
    return this.end();
  }

  private landSomething(target: number, source = this.dice.below(this.members.length)): boolean {
    const write = this.links[source]![target]!.shift();
    if (write === undefined) return false;
    const row = this.members[target]!.rows[source]!;
    if (row.isFrozen) return true;
    if (write.kind === 'cell') row.cells[write.cell] = write.value;
    else {
      row.promised = write.promised;
      row.accepted = write.accepted;
    }
    return true;
  }

  private turn(member: Member): void {
    const { decision, rank } = member;
    member.rows.forEach(({ promised, accepted, cells }, other) => {
      if (other === rank) return;
      decision.see(other, { promised, accepted, record: this.layout.read(cells, accepted) });
    });
    const before = decision.mine;
    if (!decision.turn()) return;
    const { promised, accepted } = decision.mine;
    this.log(`${rank}: promised ${promised}, accepted ${accepted}`);
    this.post(member, decision.mine.record !== before.record);
  }

  private propose(member: Member): void {
    if (member.decision.chosen !== undefined) return;
    this.proposals++;
    const mark = ++member.proposals;
    this.log(`${member.rank}: proposes`);
    member.decision.propose(() => this.proposal(member.rank, mark));
    this.post(member, false);
  }

  /** A record that no other proposal is like. */
  private proposal(rank: number, mark: number): Proposal {
    return {
      fates: this.members.map(() => 'stays'),
      trims: [this.members.map(() => rank * 1000 + mark)],
      layout: [[rank]],
      joiners: [],
    };
  }

  private post({ rank, decision }: Member, withRecord: boolean): void {
    const { promised, accepted, record } = decision.mine;
    const counters: Write = { kind: 'counters', promised, accepted };
    for (const target of this.members) {
      if (target.rank === rank) continue;
      const link = this.links[rank]![target.rank]!;
      if (withRecord && !this.rules.recordFirst) link.push(counters);
      if (withRecord && record !== undefined) link.push(...this.cellsOf(record));
      if (!withRecord || this.rules.recordFirst) link.push(counters);
    }
  }

  private cellsOf(record: Parameters<RecordLayout['write']>[0]): Write[] {
    const cells = new Float64Array(this.layout.cells);
    this.layout.write(record, cells);
    const writes = Array.from(cells, (value, cell): Write => ({ kind: 'cell', cell, value }));
    writes.splice(-1 - JOINER_CELLS, JOINER_CELLS); // nobody joins: they are 0 in every record
    this.dice.shuffle(writes);
    return writes;
  }

  /** A minority may die. */
  private crash(member: Member): void {
    if (!isMajority(this.alive().length - 1, this.members.length)) return;
    member.isAlive = false;
    this.crashes++;
    for (const link of this.links[member.rank]!) link.length = this.dice.below(link.length + 1);
    this.log(`${member.rank}: dies`);
  }

  private freeze(member: Member): void {
    member.rows[this.dice.below(this.members.length)]!.isFrozen = true;
  }

  private alive(): readonly Member[] {
    return this.members.filter(member => member.isAlive);
  }

  /** Whether two members ever see two records chosen. */
  private disagreement(): string | undefined {
    for (const { decision, rank } of this.alive()) {
      const record = decision.chosen;
      if (record === undefined) continue;
      const text = JSON.stringify([record.fates, record.trims]);
      this.chosen ??= text;
      if (text !== this.chosen) return `rank ${rank} sees ${text} chosen, and ${this.chosen} was`;
    }
    return undefined;
  }

  /** No more harm: all that is under way lands, and one member goes on proposing. Those who are heard must come to an end. */
  private end(): string | undefined {
    const alive = this.alive();
    for (const { rows, rank } of alive) {
      // A row that was frozen for a member that lives is none of a connected majority: as if the one had halted.
      if (alive.some(other => other.rank !== rank && rows[other.rank]!.isFrozen)) return undefined;
    }
    const proposer = alive[this.dice.below(alive.length)]!;
    for (let round = 0; round < LAST_ROUNDS; round++) {
      if (!proposer.decision.isProposing) this.propose(proposer);
      for (let settle = 0; settle < 4; settle++) {
        for (const member of alive) {
          this.members.forEach((_, source) => {
            while (this.landSomething(member.rank, source));
          });
          this.turn(member);
        }
      }
    }
    const wrong = this.disagreement();
    if (wrong !== undefined) return wrong;
    const waiting = alive.find(({ decision }) => decision.chosen === undefined);
    return (
      waiting &&
      `rank ${waiting.rank} sees nothing chosen, though ${alive.length} members live and hear each other`
    );
  }
}

function viewOf(size: number): View {
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const members = ranks.map(rank => ({ id: `n${rank}`, incarnation: 1 }));
  return foundingView(members, [
    { name: 'a', mode: 'ordered', shards: [{ replicas: ranks, senders: ranks }] },
  ]);
}
