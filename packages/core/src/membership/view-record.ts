/**
 * ViewRecord is what is decided when a view ends, once for all of it: what becomes of each member, and up to where each
 * replica set delivers, and who joins. The members and the layout of the next view follow from it by pure functions, so they
 * are not in it.
 *
 * It lies in a member's row as cells of 8 bytes, beside its counters:
 *
 *     ballot | fate, by rank | trim, by replica set and sender | joiners (joiner-cells.ts) | checksum
 *
 * It is pushed before the ballot in the row that vouches for it. A reader takes it only if ballot and checksum are right: a
 * member writes one record over another when a higher ballot comes, and a reader may see some cells of each.
 */
import { assert, fail } from '../assert.js';
import type { Fate } from '../view/next-view.js';
import type { MemberIdentity, View } from '../view/view.js';
import { JOINER_CELLS, readJoiners, writeJoiners } from './joiner-cells.js';

export interface ViewRecord {
  /** Under which it was accepted; see view-decision.ts. */
  readonly ballot: number;
  /** By rank. */
  readonly fates: readonly Fate[];
  /** By replica set, by sender: how many of its frames are delivered in this view. */
  readonly trims: readonly (readonly number[])[];
  /** Who is in the next view and was not in this one, in the order of their new ranks. */
  readonly joiners: readonly MemberIdentity[];
}

const FATES: readonly Fate[] = ['lost', 'leaves', 'stays'];

/** How the records of one view lie in cells: the same for all members. */
export class RecordLayout {
  /** Cells of a record. */
  readonly cells: number;
  private readonly members: number;
  private readonly senders: readonly number[];

  constructor(view: View) {
    this.members = view.members.length;
    this.senders = view.sets.map(set => set.senders.length);
    this.cells = 2 + this.members + this.senders.reduce((sum, count) => sum + count, 0) + JOINER_CELLS;
  }

  /** @param cells `this.cells` of them are written */
  write(record: ViewRecord, cells: Float64Array): void {
    const { fates, trims, joiners, ballot } = record;
    assert(fates.length === this.members, `${fates.length} fates of ${this.members} members`);
    assert(trims.length === this.senders.length, `trims of ${trims.length} of ${this.senders.length} sets`);
    let at = 0;
    cells[at++] = ballot;
    for (const fate of fates) cells[at++] = FATES.indexOf(fate);
    trims.forEach((counts, set) => {
      assert(counts.length === this.senders[set], `${counts.length} trims of ${this.senders[set]} senders`);
      for (const count of counts) cells[at++] = count;
    });
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
    return { ballot, fates, trims, joiners: readJoiners(cells, at) };
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
