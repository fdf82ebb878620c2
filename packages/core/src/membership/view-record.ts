/**
 * ViewRecord is what is decided when a view ends, once for all of it: what becomes of each member, and up to where each
 * replica set delivers, who joins, and who replicates which set in the next view. That view follows from it by a pure function
 * (`viewAfter`), whoever made it and however: nobody but its proposer computes a layout.
 *
 * It lies in a member's row as cells of 8 bytes, beside its counters:
 *
 *     ballot | fate, by rank | trim, by replica set and sender | layout | joiners (joiner-cells.ts) | checksum
 *
 * The layout is a bit for each replica set and each rank that the next view can have, 32 of them in a cell.
 *
 * It is pushed before the ballot in the row that vouches for it. A reader takes it only if ballot and checksum are right: a
 * member writes one record over another when a higher ballot comes, and a reader may see some cells of each.
 */
import { assert, fail } from '../assert.js';
import type { Fate } from '../view/next-view.js';
import type { MemberIdentity, View } from '../view/view.js';
import { JOINER_CELLS, MOST_JOINERS, readJoiners, writeJoiners } from './joiner-cells.js';

export interface ViewRecord {
  /** Under which it was accepted; see view-decision.ts. */
  readonly ballot: number;
  /** By rank. */
  readonly fates: readonly Fate[];
  /** By replica set, by sender: how many of its frames are delivered in this view. */
  readonly trims: readonly (readonly number[])[];
  /** By replica set: who replicates it in the next view, as ranks of that, in ascending order. */
  readonly layout: readonly (readonly number[])[];
  /** Who is in the next view and was not in this one, in the order of their new ranks. */
  readonly joiners: readonly MemberIdentity[];
}

const FATES: readonly Fate[] = ['lost', 'leaves', 'stays'];
/** Of the layout, in a cell. */
const BITS = 32;

/** How the records of one view lie in cells: the same for all members. */
export class RecordLayout {
  /** Cells of a record. */
  readonly cells: number;
  private readonly members: number;
  private readonly senders: readonly number[];
  /** Of the layout, by set. */
  private readonly rankCells: number;

  constructor(view: View) {
    this.members = view.members.length;
    this.senders = view.sets.map(set => set.senders.length);
    this.rankCells = Math.ceil((this.members + MOST_JOINERS) / BITS);
    const trimCells = this.senders.reduce((sum, count) => sum + count, 0);
    this.cells = 2 + this.members + trimCells + this.senders.length * this.rankCells + JOINER_CELLS;
  }

  /** @param cells `this.cells` of them are written */
  write(record: ViewRecord, cells: Float64Array): void {
    const { fates, trims, layout, joiners, ballot } = record;
    assert(fates.length === this.members, `${fates.length} fates of ${this.members} members`);
    assert(trims.length === this.senders.length, `trims of ${trims.length} of ${this.senders.length} sets`);
    assert(
      layout.length === this.senders.length,
      `a layout of ${layout.length} of ${this.senders.length} sets`,
    );
    let at = 0;
    cells[at++] = ballot;
    for (const fate of fates) cells[at++] = FATES.indexOf(fate);
    trims.forEach((counts, set) => {
      assert(counts.length === this.senders[set], `${counts.length} trims of ${this.senders[set]} senders`);
      for (const count of counts) cells[at++] = count;
    });
    for (const ranks of layout) {
      this.writeRanks(ranks, cells, at);
      at += this.rankCells;
    }
    writeJoiners(joiners, cells, at);
    at += JOINER_CELLS;
    cells[at] = checksum(cells, at);
  }

  /** Undefined where the cells are not, or not yet, the record of that ballot. */
  read(cells: Float64Array, ballot: number): ViewRecord | undefined {
    const last = this.cells - 1;
    if (cells[0] !== ballot || cells[last] !== checksum(cells, last)) return undefined;
    let at = 1;
    const fates = Array.from({ length: this.members }, () => fateOf(cells[at++]!));
    const trims = this.senders.map(count => Array.from({ length: count }, () => countOf(cells[at++]!)));
    const layout = this.senders.map((_, set) => this.readRanks(cells, at + set * this.rankCells));
    at += this.senders.length * this.rankCells;
    return { ballot, fates, trims, layout, joiners: readJoiners(cells, at) };
  }

  private writeRanks(ranks: readonly number[], cells: Float64Array, at: number): void {
    cells.fill(0, at, at + this.rankCells);
    for (const rank of ranks) {
      assert(rank < this.members + MOST_JOINERS, `rank ${rank} after a view of ${this.members} members`);
      const cell = at + Math.floor(rank / BITS);
      cells[cell] = (cells[cell]! | (1 << (rank % BITS))) >>> 0;
    }
  }

  private readRanks(cells: Float64Array, at: number): readonly number[] {
    const ranks: number[] = [];
    for (let rank = 0; rank < this.rankCells * BITS; rank++)
      if ((cells[at + Math.floor(rank / BITS)]! >>> (rank % BITS)) & 1) ranks.push(rank);
    return ranks;
  }
}

/** A checksum that is right vouches for bytes, not for sense: such a record was written by something that is no member. */
function fateOf(cell: number): Fate {
  const fate = FATES[cell];
  if (fate === undefined) fail(`a record of this view gives a member the fate ${cell}`);
  return fate;
}

function countOf(cell: number): number {
  if (!(Number.isSafeInteger(cell) && cell >= 0)) fail(`a record of this view has a trim of ${cell} frames`);
  return cell;
}

/**
 * Of the first `length` cells: 53 bits, from two lanes of multiplying and folding. Small integers are doubles that differ in
 * their highest bits alone, so each step carries high bits down. Against mixtures of two records, not against attackers.
 */
function checksum(cells: Float64Array, length: number): number {
  const words = new Uint32Array(cells.buffer, cells.byteOffset, 2 * length);
  let a = 0x811c9dc5;
  let b = 0x2545f491;
  for (const word of words) {
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b ^ word, 0xc2b2ae35);
    b ^= b >>> 16;
  }
  return (a & 0x1fffff) * 2 ** 32 + (b >>> 0);
}
