/**
 * TransferMessage is what a learner, a process that is not in the group yet, and the members that teach it say to each
 * other over the control channel. In the order of a lesson:
 *
 *  - `ask`, and the answer `group`: which view runs;
 *  - `learn`: teach me these replica sets;
 *  - `begin`: from here on I do, and this is where the sets are; `entered` is the same for each later view;
 *  - `state`: a piece of all that there is of one key; `command`: a command of a key that was given before; `complete`: every key
 *    of the set was given;
 *  - `taken`: so many bytes of the lesson have arrived; `alive`: there was nothing else to say;
 *  - `ready`: I know all that I need, let me in;
 *  - `refused`: there is no lesson, or no longer, and why.
 *
 * It comes from a network, so every field is checked before it is believed.
 */
import {
  BowechoError,
  assertView,
  type DeliveryMode,
  type MemberIdentity,
  type SharedHeritage,
  type View,
} from '@bowecho/core';
import { pack, unpack } from '../codec/codec.js';
import type { HandlerView } from '../ctx.js';
import type { ReplicaMoment } from '../host/replica.js';

/** Where a replica set is. */
export interface SetMoment {
  readonly set: number;
  readonly replica: ReplicaMoment;
  /** What its multicast begins with in the view that was entered; undefined in the middle of one. */
  readonly shared: SharedHeritage | undefined;
}

export interface ViewMessage {
  readonly kind: 'begin' | 'entered';
  readonly view: View;
  /** The same, as handlers see it. */
  readonly handlerView: HandlerView;
  /** Of the sets of the lesson. */
  readonly moments: readonly SetMoment[];
}

export interface StateMessage {
  readonly kind: 'state';
  readonly set: number;
  readonly key: string;
  readonly piece: Uint8Array;
  readonly isLast: boolean;
}

export interface CommandMessage {
  readonly kind: 'command';
  readonly set: number;
  /** Rank of the sender in the view in which it was delivered. */
  readonly sender: number;
  /** Where the replica was before it; its own place. */
  readonly before: ReplicaMoment;
  readonly vid: number;
  readonly ordinal: number;
  readonly time: number;
  /** As it was delivered. */
  readonly payload: Uint8Array;
}

export type TransferMessage =
  | { readonly kind: 'ask' | 'ready' | 'alive' }
  | { readonly kind: 'group'; readonly view: View }
  | { readonly kind: 'learn'; readonly sets: readonly number[] }
  | ViewMessage
  | StateMessage
  | CommandMessage
  | { readonly kind: 'complete'; readonly set: number }
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'refused'; readonly reason: string };

const KINDS = [
  'ask',
  'group',
  'learn',
  'begin',
  'entered',
  'state',
  'command',
  'complete',
  'taken',
  'alive',
  'ready',
  'refused',
] as const;
const MODES: readonly DeliveryMode[] = ['ordered', 'unordered'];
/** What a refusal may say, characters. */
const LONGEST_REASON = 1_000;

/** The message as bytes that nobody else holds. */
export function encodeTransfer(message: TransferMessage): Uint8Array {
  // What the packer gives is a view of a buffer that it uses again.
  return new Uint8Array(pack([KINDS.indexOf(message.kind), ...fieldsOf(message)]));
}

function fieldsOf(message: TransferMessage): readonly unknown[] {
  switch (message.kind) {
    case 'ask':
    case 'ready':
    case 'alive':
      return [];
    case 'group':
      return [viewFields(message.view)];
    case 'learn':
      return [message.sets];
    case 'begin':
    case 'entered': {
      const { view, handlerView, moments } = message;
      const { id, members, joined, left } = handlerView;
      return [viewFields(view), [id, members, joined, left], moments.map(setMomentFields)];
    }
    case 'state':
      return [message.set, message.key, message.piece, message.isLast];
    case 'command': {
      const { set, sender, before, vid, ordinal, time, payload } = message;
      return [set, sender, momentFields(before), vid, ordinal, time, payload];
    }
    case 'complete':
      return [message.set];
    case 'taken':
      return [message.bytes];
    case 'refused':
      return [message.reason];
  }
}

function viewFields({ vid, members, subgroups, sets }: View): readonly unknown[] {
  return [
    vid,
    members.map(({ id, incarnation }) => [id, incarnation]),
    subgroups.map(({ name, mode, minReplicas, maxReplicas, maxSenders, nodes }) => [
      name,
      MODES.indexOf(mode),
      minReplicas,
      maxReplicas,
      maxSenders,
      nodes,
    ]),
    sets.map(({ subgroup, shards, replicas, senders }) => [subgroup, shards, replicas, senders]),
  ];
}

function setMomentFields({ set, replica, shared }: SetMoment): readonly unknown[] {
  const place = [set, momentFields(replica)];
  return shared === undefined ? place : [...place, shared.lastTime, [...shared.ahead]];
}

function momentFields(moment: ReplicaMoment): readonly number[] {
  const { vid, ordinal, time, replies } = moment;
  return [vid, ordinal, time, replies.forgottenUpTo, replies.expiredUpTo, replies.withoutAnswerUpTo];
}

/**
 * What `encodeTransfer` was given.
 *
 * @throws BowechoError `NOT_SERIALIZABLE` for bytes that are no such message
 */
export function decodeTransfer(bytes: Uint8Array): TransferMessage {
  const [kindNumber, ...fields] = list(unpack(bytes));
  const kind = KINDS[count(kindNumber)] ?? refuse('a kind');
  switch (kind) {
    case 'ask':
    case 'ready':
    case 'alive':
      return { kind };
    case 'group':
      return { kind, view: readView(fields[0]) };
    case 'learn':
      return { kind, sets: counts(fields[0]) };
    case 'begin':
    case 'entered':
      return {
        kind,
        view: readView(fields[0]),
        handlerView: readHandlerView(fields[1]),
        moments: list(fields[2]).map(readSetMoment),
      };
    case 'state':
      return {
        kind,
        set: count(fields[0]),
        key: text(fields[1]),
        piece: byteArray(fields[2]),
        isLast: fields[3] === true,
      };
    case 'command':
      return {
        kind,
        set: count(fields[0]),
        sender: count(fields[1]),
        before: readMoment(fields[2]),
        vid: count(fields[3]),
        ordinal: count(fields[4]),
        time: number(fields[5]),
        payload: byteArray(fields[6]),
      };
    case 'complete':
      return { kind, set: count(fields[0]) };
    case 'taken':
      return { kind, bytes: count(fields[0]) };
    case 'refused':
      return { kind, reason: text(fields[0]).slice(0, LONGEST_REASON) };
  }
}

function readView(value: unknown): View {
  const [vid, members, subgroups, sets] = list(value);
  const view: View = {
    vid: count(vid),
    members: list(members).map(readIdentity),
    subgroups: list(subgroups).map(each => {
      const [name, mode, minReplicas, maxReplicas, maxSenders, nodes] = list(each);
      return {
        name: text(name),
        mode: MODES[count(mode)] ?? refuse('a mode'),
        minReplicas: count(minReplicas),
        maxReplicas: count(maxReplicas),
        maxSenders: maxSenders === Infinity ? Infinity : count(maxSenders),
        nodes: list(nodes).map(text),
      };
    }),
    sets: [],
  };
  const readSets = list(sets).map((each, index) => {
    const [subgroup, shards, replicas, senders] = list(each);
    const { mode } = view.subgroups[count(subgroup)] ?? refuse('a set');
    return {
      index,
      subgroup: count(subgroup),
      mode,
      shards: counts(shards),
      replicas: counts(replicas),
      senders: counts(senders),
    };
  });
  const whole = { ...view, sets: readSets };
  try {
    assertView(whole);
  } catch {
    refuse('a view');
  }
  return whole;
}

function readIdentity(value: unknown): MemberIdentity {
  const [id, incarnation] = list(value);
  return { id: text(id), incarnation: count(incarnation) };
}

function readHandlerView(value: unknown): HandlerView {
  const [id, members, joined, left] = list(value);
  const texts = (each: unknown): string[] => list(each).map(text);
  return { id: count(id), members: texts(members), joined: texts(joined), left: texts(left) };
}

function readSetMoment(value: unknown): SetMoment {
  const [set, replica, lastTime, ahead] = list(value);
  const shared =
    lastTime === undefined
      ? undefined
      : { lastTime: number(lastTime), ahead: Float64Array.from(counts(ahead)) };
  return { set: count(set), replica: readMoment(replica), shared };
}

function readMoment(value: unknown): ReplicaMoment {
  const [vid, ordinal, time, forgottenUpTo, expiredUpTo, withoutAnswerUpTo] = list(value);
  return {
    vid: count(vid),
    ordinal: count(ordinal),
    time: number(time),
    replies: {
      forgottenUpTo: number(forgottenUpTo),
      expiredUpTo: number(expiredUpTo),
      withoutAnswerUpTo: number(withoutAnswerUpTo),
    },
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse('a list');
}

function counts(value: unknown): readonly number[] {
  return list(value).map(count);
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : refuse('a count');
}

/** Times may be infinite: where nothing has happened yet. */
function number(value: unknown): number {
  return typeof value === 'number' && !Number.isNaN(value) ? value : refuse('a number');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : refuse('a text');
}

function byteArray(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : refuse('bytes');
}

function refuse(what: string): never {
  throw new BowechoError('NOT_SERIALIZABLE', `the bytes are no message of a transfer: ${what} was expected`);
}
