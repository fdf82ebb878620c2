/**
 * What the source text of a class or method tells that nothing else at run time does: `#private` members (invisible to
 * reflection, so their state would be lost in silence) and rest parameters (not counted by `length`).
 *
 * `blankLiterals` first blanks strings, templates, comments and regular expressions, so that a `#` or a brace inside of
 * them counts for nothing. It is a scanner and not a parser: whether a slash divides or opens a regular expression is
 * guessed from what stands before it, as syntax highlighters do. A compiler that targets less than ES2022 turns
 * `#private` into WeakMaps, which nobody can see; that is documented and not detected.
 */

/** What may stand before a regular expression: an operator, an opening bracket or one of some words. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|void|delete|throw|new))$/;

/** `source` with every literal and comment replaced by spaces; code inside `${}` is kept. */
export function blankLiterals(source: string): string {
  let out = '';
  let i = 0;
  /** For each open template: how many braces are open inside its current `${}`. */
  const templateDepths: number[] = [];

  const blankTo = (end: number): void => {
    out += ' '.repeat(Math.min(end, source.length) - i);
    i = Math.min(end, source.length);
  };
  /** Blanks template text from `i` up to and including the closing backtick or the next `${`. */
  const blankTemplateText = (from: number): void => {
    for (let end = from; end < source.length; end++) {
      if (source[end] === '\\') end++;
      else if (source[end] === '`') return blankTo(end + 1);
      else if (source[end] === '$' && source[end + 1] === '{') {
        templateDepths.push(0);
        return blankTo(end + 2);
      }
    }
    blankTo(source.length);
  };

  while (i < source.length) {
    const char = source[i]!;
    const depth = templateDepths.at(-1);
    if (char === '/' && source[i + 1] === '/') blankTo(endOf(source, '\n', i + 2) - 1);
    else if (char === '/' && source[i + 1] === '*') blankTo(endOf(source, '*/', i + 2));
    else if (char === '"' || char === "'") blankTo(endOfQuoted(source, i, char));
    else if (char === '`') blankTemplateText(i + 1);
    else if (char === '/' && BEFORE_REGEXP.test(out.trimEnd().slice(-12))) blankTo(endOfRegExp(source, i));
    else if (char === '}' && depth === 0) {
      templateDepths.pop();
      blankTemplateText(i + 1);
    } else {
      if (depth !== undefined && char === '{') templateDepths[templateDepths.length - 1]!++;
      if (depth !== undefined && char === '}') templateDepths[templateDepths.length - 1]!--;
      out += char;
      i++;
    }
  }
  return out;
}

/** The index after the next `mark`, or after the end of the text. */
function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found < 0 ? source.length + 1 : found + mark.length;
}

function endOfQuoted(source: string, start: number, quote: string): number {
  let end = start + 1;
  while (end < source.length && source[end] !== quote) end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

/** A slash inside `[...]` does not end a regular expression. */
function endOfRegExp(source: string, start: number): number {
  let inClass = false;
  for (let end = start + 1; end < source.length && source[end] !== '\n'; end++) {
    const char = source[end];
    if (char === '\\') end++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return end + 1;
  }
  return start + 1;
}

/** The `#names` that a class itself declares, without those of classes nested in its methods. */
export function privateNames(source: string): string[] {
  const code = blankLiterals(source);
  const names = new Set<string>();
  let depth = 0;
  for (let i = 0; i < code.length; i++) {
    const char = code[i]!;
    if (char === '{' || char === '(' || char === '[') depth++;
    else if (char === '}' || char === ')' || char === ']') depth--;
    else if (char === '#' && depth === 1 && !/[.?]\s*$/.test(code.slice(Math.max(0, i - 8), i))) {
      const name = /^#[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(code.slice(i, i + 200))?.[0];
      if (name !== undefined) names.add(name);
    }
  }
  return [...names];
}

/** Whether the parameter list of a function ends in `...rest`. */
export function hasRestParameter(source: string): boolean {
  const code = blankLiterals(source);
  // `state => ...` has one bare parameter and no list; a computed name `[...]` stands before the list.
  if (/^\s*(?:async\s+)?[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u.test(code)) return false;
  let depth = 0;
  let isInList = false;
  for (let i = 0; i < code.length; i++) {
    const char = code[i]!;
    if (isInList && depth === 1 && code.startsWith('...', i)) return true;
    if (char === '(' && depth === 0) isInList = true;
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') depth--;
    if (isInList && depth === 0) return false;
  }
  return false;
}
