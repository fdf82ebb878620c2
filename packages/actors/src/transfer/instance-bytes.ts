/** All that there is of one key as bytes, for a learner. */
import { BowechoError } from '@bowecho/core';
import type { SavedReplies } from '../calls/instance-replies.js';
import { pack, unpack } from '../codec/codec.js';
import type { InstanceSnapshot } from '../host/replica.js';

/** Bytes that nobody else holds. The state is packed by itself: it may be as deep as a value can be. */
export function packInstance({ instance, replies }: InstanceSnapshot): Uint8Array {
  const state = instance === undefined ? undefined : new Uint8Array(pack([instance.of]));
  const remembered =
    replies === undefined
      ? undefined
      : [
          replies.forgottenUpTo,
          replies.replies.map(({ key, method, argsHash, time, didExecute, answerBytes, answer }) => [
            key,
            method,
            argsHash,
            time,
            didExecute,
            answerBytes,
            answer,
          ]),
        ];
  return new Uint8Array(pack([state, remembered]));
}

/**
 * What `packInstance` was given.
 *
 * @throws BowechoError `NOT_SERIALIZABLE`
 */
export function unpackInstance(bytes: Uint8Array): InstanceSnapshot {
  const whole = unpack(bytes);
  if (!Array.isArray(whole)) throw noInstance(bytes);
  const [state, remembered] = whole as [unknown, unknown];
  if (!(state === undefined || state instanceof Uint8Array)) throw noInstance(bytes);
  const tree = state === undefined ? undefined : (unpack(state) as [unknown]);
  return {
    instance: tree === undefined ? undefined : { of: tree[0] },
    replies: remembered === undefined ? undefined : readReplies(remembered, bytes),
  };
}

function readReplies(value: unknown, bytes: Uint8Array): SavedReplies {
  const [forgottenUpTo, replies] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof forgottenUpTo !== 'number' || !Array.isArray(replies)) throw noInstance(bytes);
  return {
    forgottenUpTo,
    replies: (replies as unknown[]).map(each => {
      const [key, method, argsHash, time, didExecute, answerBytes, answer] = Array.isArray(each)
        ? (each as unknown[])
        : [];
      const isRight =
        typeof key === 'string' &&
        typeof method === 'number' &&
        (typeof argsHash === 'bigint' || typeof argsHash === 'number') &&
        typeof time === 'number' &&
        (didExecute === 'yes' || didExecute === 'no' || didExecute === 'unknown') &&
        typeof answerBytes === 'number' &&
        (answer === undefined || answer instanceof Uint8Array);
      if (!isRight) throw noInstance(bytes);
      return { key, method, argsHash: BigInt(argsHash), time, didExecute, answerBytes, answer };
    }),
  };
}

function noInstance(bytes: Uint8Array): BowechoError {
  return new BowechoError('NOT_SERIALIZABLE', `${bytes.length} bytes are no instance of an actor`);
}
