/** Text behind a label, for people: at most `WIDTH` characters wide, further lines below the beginning of the first one. */

export const WIDTH = 100;

/** `text` behind `head`, broken at spaces, its further lines below its beginning. Runs of spaces stay where they fit. */
export function hang(head: string, text: string): string[] {
  const room = WIDTH - head.length;
  const lines: string[] = [];
  let rest = text.trimEnd();
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room);
    const end = space <= 0 ? rest.indexOf(' ', room) : space; // a word that is too long is not broken
    if (end < 0) break;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  lines.push(rest);
  const indent = ' '.repeat(head.length);
  return lines.map((line, i) => `${i === 0 ? head : indent}${line}`.trimEnd());
}
