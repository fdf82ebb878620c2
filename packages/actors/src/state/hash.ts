/**
 * The one door to xxHash: digests of state, and the hash that spreads keys over shards.
 *
 * xxHash runs as WebAssembly, which is instantiated asynchronously. That is done once, here, while the module loads
 * (a top-level await), so that everything else can hash synchronously. The same text gives the same hash on every
 * machine and in every version: members compare digests, and keys must not move when a member is upgraded.
 *
 * These are not cryptographic hashes. They find accidents, not attacks.
 */
import xxhash from 'xxhash-wasm';

const api = await xxhash();

/** The 64-bit hash of a text's UTF-8 bytes. */
export function hash64(text: string): bigint {
  return api.h64(text);
}

/** The 64-bit hash of bytes. */
export function hash64OfBytes(bytes: Uint8Array): bigint {
  return api.h64Raw(bytes);
}

/**
 * The 32-bit hash of a text's UTF-8 bytes, from 0 to 4294967295.
 *
 * @param seed a whole number from 0 to 4294967295; another seed gives an unrelated hash
 */
export function hash32(text: string, seed = 0): number {
  return api.h32(text, seed);
}
