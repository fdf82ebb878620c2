/**
 * LineSplitter cuts text that comes in chunks into lines. It holds back what may go on, and no more than a bound of it: a
 * line that is longer is handed out in pieces, so a program that never ends its line costs no more memory than any other.
 */

/** A whole line, or a piece of one that is too long to be held. */
export interface Line {
  /** Without the line feed. */
  readonly text: string;
  /** The line goes on in the next piece. */
  readonly isCut: boolean;
}

/** The longest piece, in UTF-16 code units. */
export const LONGEST_PIECE = 64 * 1024;

export class LineSplitter {
  private rest = '';

  /** @param longest code units of the longest piece, at least 2 */
  constructor(private readonly longest = LONGEST_PIECE) {}

  /** The lines and pieces that are complete now. */
  push(chunk: string): Line[] {
    const lines: Line[] = [];
    const parts = (this.rest + chunk).split('\n');
    const rest = parts.pop()!;
    for (const part of parts) lines.push({ text: this.cut(part, lines), isCut: false });
    this.rest = this.cut(rest, lines);
    return lines;
  }

  /** What is left where no more text comes: a last line without a line feed, if there is one. */
  end(): Line | undefined {
    if (this.rest === '') return undefined;
    const line = { text: this.rest, isCut: false };
    this.rest = '';
    return line;
  }

  /** Moves pieces of `text` into `lines` until it is short enough, and returns what is left: never nothing. */
  private cut(text: string, lines: Line[]): string {
    let from = 0;
    while (text.length - from > this.longest) {
      let to = from + this.longest;
      if (isHighSurrogate(text.charCodeAt(to - 1))) to--; // both halves of a character stay together
      lines.push({ text: text.slice(from, to), isCut: true });
      from = to;
    }
    return text.slice(from);
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
