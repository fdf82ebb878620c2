/**
 * MemberMessage is what the calls of one member say to those of another, over the control channel:
 *
 *  - `forward`: a call for a replica that the caller's member does not hold, to be made there in its name;
 *  - `withdraw`: nobody waits for that forwarded call any more;
 *  - `answer`: how a forwarded call ended, or what one replica answered to a call by `$all`;
 *  - `leaving`, `noted`: forward nothing more to me, and the reply that nothing more will come: see departures.ts.
 *
 * Ids are the caller's. It comes from a network, so every field is checked before it is believed.
 */
import { BowechoError } from '@bowecho/core';
import { pack, unpack } from '../codec/codec.js';
import { LIMITS } from '../config/limits.js';
import type { CallFace } from '../definition/ref-class.js';
import { outcomeFields, outcomeOf, type Outcome } from './outcome.js';

export interface ForwardMessage {
  readonly kind: 'forward';
  readonly id: number;
  /** Index of the actor type among the cluster's, which are the same everywhere. */
  readonly type: number;
  /** Id of the method. */
  readonly method: number;
  readonly key: string;
  readonly face: CallFace;
  /** Whether a query is answered at once from what its replica has delivered. */
  readonly isLocalRead: boolean;
  /** Milliseconds that are left of the call's time. */
  readonly timeout: number;
  /** What `packArguments` gave, in memory of their own: checked at the caller. */
  readonly args: Uint8Array;
  readonly idempotencyKey: string | undefined;
  /** When it was first sent, by the caller's clock, microseconds; -1: this is the first time. */
  readonly triedSince: number;
}

export interface AnswerMessage {
  readonly kind: 'answer';
  readonly id: number;
  readonly outcome: Outcome;
  /** The call failed there and was not delivered: what the outcome says is true of this try alone. */
  readonly isRefusal: boolean;
}

export type MemberMessage =
  ForwardMessage | AnswerMessage | { readonly kind: 'withdraw' | 'leaving' | 'noted'; readonly id: number };

const ANSWER = 0;
const FORWARD = 1;
/** Kinds that are an id and nothing else; of the last two it is 0. */
const BARE_KINDS = new Map<number, 'withdraw' | 'leaving' | 'noted'>([
  [2, 'withdraw'],
  [3, 'leaving'],
  [4, 'noted'],
]);
const BARE_NUMBERS = new Map([...BARE_KINDS].map(([number, kind]) => [kind, number]));
const FACES: readonly CallFace[] = ['call', 'tell', 'all'];

/** The message as bytes that nobody else holds. */
export function encodeMemberMessage(message: MemberMessage): Uint8Array {
  return new Uint8Array(pack(fieldsOf(message))); // what the packer gives is a view of a buffer that it uses again
}

function fieldsOf(message: MemberMessage): readonly unknown[] {
  switch (message.kind) {
    case 'answer':
      return [ANSWER, message.id, outcomeFields(message.outcome), message.isRefusal];
    case 'withdraw':
    case 'leaving':
    case 'noted':
      return [BARE_NUMBERS.get(message.kind), message.id];
    case 'forward': {
      const { id, type, method, key, face, isLocalRead, timeout, args, idempotencyKey, triedSince } = message;
      const fields = [FORWARD, id, type, method, key, FACES.indexOf(face), isLocalRead, timeout, args];
      return idempotencyKey === undefined ? fields : [...fields, idempotencyKey, triedSince];
    }
  }
}

/**
 * What `encodeMemberMessage` was given.
 *
 * @throws BowechoError `NOT_SERIALIZABLE` for bytes that are no such message
 */
export function decodeMemberMessage(bytes: Uint8Array): MemberMessage {
  const fields = unpack(bytes);
  if (!Array.isArray(fields) || !isCount(fields[1])) refuse(bytes);
  const [kind, id, ...rest] = fields as [unknown, number, ...unknown[]];
  const bare = BARE_KINDS.get(kind as number);
  if (bare !== undefined) return { kind: bare, id };
  if (kind === ANSWER) {
    const isRefusal = typeof rest[1] === 'boolean' ? rest[1] : refuse(bytes);
    return { kind: 'answer', id, outcome: outcomeOf(rest[0]) ?? refuse(bytes), isRefusal };
  }
  if (kind !== FORWARD) refuse(bytes);
  const [type, method, key, faceIndex, isLocalRead, timeout, args, idempotencyKey, triedSince = -1] = rest;
  const face = isCount(faceIndex) ? FACES[faceIndex] : undefined;
  if (!isCount(type) || !isCount(method) || !isCount(timeout) || face === undefined) refuse(bytes);
  if (typeof key !== 'string' || typeof isLocalRead !== 'boolean' || !(args instanceof Uint8Array))
    refuse(bytes);
  if (!(idempotencyKey === undefined || isIdempotencyKey(idempotencyKey)) || typeof triedSince !== 'number')
    refuse(bytes);
  const once = { idempotencyKey, triedSince };
  return { kind: 'forward', id, type, method, key, face, isLocalRead, timeout, args, ...once };
}

/** A longer one would not fit into the room that a call message has for it. */
function isIdempotencyKey(value: unknown): value is string {
  const { min, max } = LIMITS.idempotencyKey;
  return typeof value === 'string' && value.length >= min && value.length <= max;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function refuse(bytes: Uint8Array): never {
  throw new BowechoError('NOT_SERIALIZABLE', `${bytes.length} bytes are no message of a member's calls`);
}
