/**
 * A refusal is the last frame of its sender: in words, why it ends the connection. The words come from a network and go to
 * logs, so their length is bounded and control characters are replaced.
 */
import { FRAME_KIND, frameOf } from './frame.js';

const MAX_CHARACTERS = 4_096;

/** A refusal as a frame. */
export function encodeRefusal(words: string): Buffer {
  return frameOf(FRAME_KIND.refusal, Buffer.from(printable(words), 'utf8'));
}

/** The words of a refusal; bytes that are no UTF-8 show as such. */
export function decodeRefusal(payload: Buffer): string {
  return printable(payload.toString('utf8', 0, 4 * MAX_CHARACTERS));
}

function printable(words: string): string {
  return words.slice(0, MAX_CHARACTERS).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}
