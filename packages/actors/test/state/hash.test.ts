/**
 * Goal: hashes never change between versions; keys and digests depend on them. Golden values of the xxHash project.
 */
import { expect } from 'chai';
import { hash32, hash64, hash64OfBytes } from '../../src/state/hash.js';

describe('the hash', () => {
  it('is xxHash', () => {
    expect(hash32('')).to.equal(0x02cc5d05);
    expect(hash64('')).to.equal(0xef46db3751d8e999n);
    expect(hash32('a')).to.equal(0x550d7456);
    expect(hash64('a')).to.equal(0xd24ec4f1a98c6e5bn);
    expect(hash64OfBytes(new TextEncoder().encode('abc'))).to.equal(0x44bc2cf5ad770999n);
    expect(hash64('abc')).to.equal(0x44bc2cf5ad770999n);
    expect(hash32('abc', 1)).not.to.equal(hash32('abc', 2));
  });
});
