/**
 * A greeting on the wire is JSON in UTF-8. Unknown fields are left alone, so that a later version of the same protocol can
 * say more; what is missing or wrong is named. What is checked here ends up in sentences for people and in logs, so names
 * and addresses must look like some.
 */
import { BowechoError } from '@bowecho/core';
import { describeValue } from '../config/describe-value.js';
import { isName, LIMITS, NAME_RULE } from '../config/limits.js';
import { MAX_GREETING_BYTES } from './control-limits.js';
import type { Greeting } from './greeting.js';
import { Unreadable } from './unreadable.js';

/**
 * A greeting as bytes.
 *
 * @throws BowechoError `CONFIG_INVALID` if it is larger than any member would take
 */
export function encodeGreeting(greeting: Greeting): Buffer {
  const { identity, seeds, fabric, ringBytes, suspicionTimeout, determinismGuard, fingerprints, groupRuns } =
    greeting;
  const text = JSON.stringify({
    identity: { id: identity.id, incarnation: identity.incarnation },
    seeds,
    fabric,
    ringBytes,
    suspicionTimeout,
    determinismGuard,
    // A list and not an object: it keeps the order of all names.
    fingerprints: [...fingerprints],
    groupRuns,
  });
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_GREETING_BYTES) {
    throw new BowechoError(
      'CONFIG_INVALID',
      `what '${identity.id}' says of its ${fingerprints.size} actors to other members takes ${bytes.length} bytes, and ` +
        `${MAX_GREETING_BYTES} are allowed: register fewer actors, or give them fewer or shorter names of methods`,
    );
  }
  return bytes;
}

/**
 * Reads a greeting.
 *
 * @throws Unreadable naming the first field that is missing or wrong
 */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  const fields = record(parse(bytes), 'the greeting');
  const identity = record(fields.identity, 'identity');
  return {
    identity: {
      id: check(identity.id, isName, 'identity.id', NAME_RULE),
      incarnation: check(identity.incarnation, isCount, 'identity.incarnation', COUNT_RULE),
    },
    seeds: list(fields.seeds, 'seeds').map((seed, index) =>
      check(seed, isWord, `seeds[${index}]`, WORD_RULE),
    ),
    fabric: check(fields.fabric, isWord, 'fabric', WORD_RULE),
    ringBytes: check(fields.ringBytes, isCount, 'ringBytes', COUNT_RULE),
    suspicionTimeout: check(fields.suspicionTimeout, isCount, 'suspicionTimeout', COUNT_RULE),
    determinismGuard: check(fields.determinismGuard, isFlag, 'determinismGuard', 'true or false'),
    fingerprints: readFingerprints(fields.fingerprints),
    groupRuns: check(fields.groupRuns, isFlag, 'groupRuns', 'true or false'),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // What the parsers say is about positions in bytes that nobody sees.
    throw new Unreadable('the greeting is no JSON in UTF-8');
  }
}

function readFingerprints(value: unknown): Map<string, string> {
  const found = new Map<string, string>();
  list(value, 'fingerprints').forEach((entry, index) => {
    const where = `fingerprints[${index}]`;
    const pair = list(entry, where);
    const name = check(pair[0], isName, `${where}[0]`, NAME_RULE);
    if (found.has(name)) throw new Unreadable(`${where} repeats the actor '${name}'`);
    found.set(name, check(pair[1], isText, `${where}[1]`, 'a text'));
  });
  return found;
}

function record(value: unknown, where: string): Record<string, unknown> {
  const isRecord = (it: unknown): it is Record<string, unknown> =>
    typeof it === 'object' && it !== null && !Array.isArray(it);
  return check(value, isRecord, where, 'an object');
}

function list(value: unknown, where: string): readonly unknown[] {
  return check(value, (it): it is unknown[] => Array.isArray(it), where, 'a list');
}

function check<T>(value: unknown, isRight: (it: unknown) => it is T, where: string, rule: string): T {
  if (isRight(value)) return value;
  throw new Unreadable(`${where} must be ${rule}, but is ${describeValue(value)}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isWord(value: unknown): value is string {
  const { min, max } = LIMITS.address;
  return isText(value) && value.length >= min && value.length <= max && /^[\x21-\x7e]+$/.test(value);
}

const WORD_RULE = `${LIMITS.address.min} to ${LIMITS.address.max} printable characters without spaces`;

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const COUNT_RULE = 'a whole number from 0 to 2^53 - 1';
