/**
 * Rendezvous hashing says which shard of an actor type a key lives in: every shard has a weight for the key, and the
 * heaviest wins. A weight does not depend on how many shards there are, so one more shard takes only the keys that it
 * wins, about 1 in n+1, and moves no other.
 *
 * The text is hashed once; each shard's weight is an integer mix of that hash and the shard's number (murmur3's
 * finalizer), a few nanoseconds per shard. The mix is a bijection of the hash for each shard and of the shard for each
 * hash, so two shards never weigh the same and ties need no rule. Members must agree on every result: the golden values
 * in the test never change.
 */
import { assert } from '@bowecho/core';
import { hash32 } from '../state/hash.js';

/** An odd constant near 2^32 divided by the golden ratio: spreads the shard numbers over all bits before they are mixed. */
const GOLDEN = 0x9e3779b1;

/**
 * The shard, from 0 to `shards - 1`, of the instance `key` of actor type `type`.
 *
 * @example
 * shardOf('bank', 'eu', 64);
 */
export function shardOf(type: string, key: string, shards: number): number {
  assert(Number.isSafeInteger(shards) && shards >= 1, `${type} has ${shards} shards`);
  if (shards === 1) return 0;
  // An actor's name cannot hold U+0000, so no other type and key give the same text.
  const hash = hash32(`${type}\0${key}`, 0);
  let heaviest = 0;
  let most = mix(hash ^ GOLDEN);
  for (let shard = 1; shard < shards; shard++) {
    const weight = mix(hash ^ Math.imul(shard + 1, GOLDEN));
    if (weight > most) {
      most = weight;
      heaviest = shard;
    }
  }
  return heaviest;
}

/** Murmur3's finalizer: every bit of the input changes about half of the output's 32 bits. Signed, which is faster. */
function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
