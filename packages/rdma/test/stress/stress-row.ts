/**
 * What a member of a stress run has in its region: a row of each member, laid out alike everywhere, as the protocol's tables
 * are. A member writes its own row and pushes parts of it to the same place at the others.
 *
 *     0     block     a frame cell, 8 cells, the frame cell again: what tearing would show in
 *     128   tail      how many bytes of my ring I have ever published
 *     136   consumed  per member: how many bytes of its ring I have checked
 *     192   balls     per member: what I last hit to it
 *     256   decoy     pushed just before each ball
 *     512   ring
 */
export const BLOCK_AT = 0;
export const BLOCK_CELLS = 10;
export const TAIL_AT = 128;
export const CONSUMED_AT = 136;
export const BALLS_AT = 192;
export const DECOY_AT = 256;
export const RING_AT = 512;
export const RING_BYTES = 1 << 14;
export const ROW_BYTES = RING_AT + RING_BYTES;
export const CELL_BYTES = 8;

/** Both halves of such a number tell the same: a cell of which half has landed is none. */
const WHOLE = 2 ** 26 + 1;

export const wholeCell = (value: number): number => value * WHOLE;
export const isWhole = (cell: number): boolean => cell % WHOLE === 0;

/** The cells of a block add up to this. */
export function blockSum(frame: number): number {
  let sum = 0;
  for (let i = 0; i < BLOCK_CELLS - 2; i++) sum += wholeCell(frame + i);
  return sum;
}

/** The byte at a position of a ring, ever. Positions that fall on the same place in the ring have other bytes. */
export function byteAt(position: number): number {
  return (Math.imul(position ^ (position >>> 14), 0x9e3779b1) >>> 24) & 255;
}
