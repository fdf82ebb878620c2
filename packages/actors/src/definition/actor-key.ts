/**
 * A key names one instance of an actor type: a text, or a list of texts for a composite key. Its canonical form is one
 * text, the parts separated by U+0000. No part may hold that character, so different lists never give the same text; a
 * text is the same key as a list of only that text. Handlers get the parts of `ctx.key` back by `split('\0')`.
 *
 * Escaping a printable separator was rejected: then `'a/b'` would have to differ from `['a', 'b']` or from `['a/b']`.
 */
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../config/describe-value.js';
import { LIMITS } from '../config/limits.js';

/** What a caller may give as a key. */
export type ActorKey = string | readonly string[];

const SEPARATOR = '\0';

/**
 * The canonical text of a key.
 *
 * @throws BowechoError `ARGUMENT_INVALID` if it is not a text or a list of texts, is empty, is longer than 256 UTF-8
 * bytes, or holds U+0000 or half a surrogate pair
 * @example
 * canonicalKey(['eu', 'ann']); // 'eu\0ann'
 */
export function canonicalKey(key: ActorKey): string {
  const parts: readonly unknown[] = Array.isArray(key) ? key : [key];
  const bad = parts.find(part => typeof part !== 'string');
  if (bad !== undefined || parts.includes(undefined)) {
    refuse(
      `must be a text or a list of texts, but ${Array.isArray(key) ? 'holds' : 'is'} ${describeValue(bad)}`,
    );
  }
  for (const part of parts as readonly string[]) {
    if (part.includes(SEPARATOR))
      refuse('must not hold the character U+0000, which separates the parts of a key');
    if (/\p{Surrogate}/u.test(part)) refuse('holds half of a surrogate pair, which UTF-8 cannot carry');
  }
  const text = parts.join(SEPARATOR);
  const { min, max } = LIMITS.keyBytes;
  const bytes = Buffer.byteLength(text);
  if (bytes < min || bytes > max) refuse(`must have ${min} to ${max} UTF-8 bytes, but has ${bytes}`);
  return text;
}

function refuse(reason: string): never {
  throw new BowechoError('ARGUMENT_INVALID', `the key of an actor ${reason}`, { didExecute: 'no' });
}
