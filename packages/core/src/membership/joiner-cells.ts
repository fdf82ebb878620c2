/**
 * JoinerCells is how those who are to be let in lie in cells of 8 bytes, in the record of a view's end and in the notes of a
 * row: so many slots, filled from the first.
 *
 *     incarnation, 0: none | characters of the id | id, six of its characters in each
 *
 * Incarnations begin at 1. An id is ASCII, and no longer than `LONGEST_ID`.
 */
import { assert, fail } from '../assert.js';
import type { MemberIdentity } from '../view/view.js';

/** At most so many join in one view change; others have to wait for the next. */
export const MOST_JOINERS = 4;
/** Characters. */
export const LONGEST_ID = 64;

const CHARACTERS_PER_CELL = 6;
const SLOT_CELLS = 2 + Math.ceil(LONGEST_ID / CHARACTERS_PER_CELL);

/** Cells of all slots. */
export const JOINER_CELLS = MOST_JOINERS * SLOT_CELLS;

/** Whether that one has a place in a slot: it comes from a network. */
export function fitsInSlot({ id, incarnation }: MemberIdentity): boolean {
  return (
    /^[\x21-\x7e]+$/.test(id) &&
    id.length <= LONGEST_ID &&
    Number.isSafeInteger(incarnation) &&
    incarnation > 0
  );
}

/** Fills all slots, from cell `at` on. */
export function writeJoiners(joiners: readonly MemberIdentity[], cells: Float64Array, at: number): void {
  assert(joiners.length <= MOST_JOINERS, `${joiners.length} joiners in ${MOST_JOINERS} slots`);
  cells.fill(0, at, at + JOINER_CELLS);
  joiners.forEach((joiner, slot) => {
    assert(fitsInSlot(joiner), `${joiner.id}/${joiner.incarnation} does not fit into a slot`);
    const first = at + slot * SLOT_CELLS;
    cells[first] = joiner.incarnation;
    cells[first + 1] = joiner.id.length;
    for (let i = 0; i < joiner.id.length; i++) {
      const cell = first + 2 + Math.floor(i / CHARACTERS_PER_CELL);
      cells[cell] = cells[cell]! * 256 + joiner.id.charCodeAt(i);
    }
  });
}

/** Those in the slots from cell `at` on. Cells that make no sense were written by something that is no member. */
export function readJoiners(cells: Float64Array, at: number): readonly MemberIdentity[] {
  const joiners: MemberIdentity[] = [];
  for (let slot = 0; slot < MOST_JOINERS; slot++) {
    const first = at + slot * SLOT_CELLS;
    const incarnation = cells[first]!;
    if (incarnation === 0) break;
    const joiner = { id: readId(cells, first + 2, cells[first + 1]!), incarnation };
    if (!fitsInSlot(joiner)) fail(`a row lets in '${joiner.id}', incarnation ${incarnation}`);
    joiners.push(joiner);
  }
  return joiners;
}

function readId(cells: Float64Array, at: number, length: number): string {
  if (!(length > 0 && length <= LONGEST_ID)) return '';
  let id = '';
  for (let from = 0; from < length; from += CHARACTERS_PER_CELL) {
    let value = cells[at + from / CHARACTERS_PER_CELL]!;
    let part = '';
    for (let i = Math.min(CHARACTERS_PER_CELL, length - from); i > 0; i--) {
      part = String.fromCharCode(value % 256) + part;
      value = Math.floor(value / 256);
    }
    id += part;
  }
  return id;
}
