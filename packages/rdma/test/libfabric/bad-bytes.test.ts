/**
 * Goal: addresses and keys of libfabric come from the network as well. What can be seen to be wrong is refused in words; what
 * cannot, because an endpoint's own address may say anything, harms nobody and is told after a while. See also
 * refusals/bad-bytes.test.ts.
 */
import { BowechoError } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeParts, encodeParts } from '../../src/parts.js';
import { closePair, makePair, span, type Pair } from '../pair.js';
import { LIBFABRIC, addressOf, changeAddress, changeKey, keyOf } from './addresses.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

const partOf = (whole: Uint8Array): Uint8Array => decodeParts(whole, 'address').get(LIBFABRIC)!;
const withPart = (part: Uint8Array): Uint8Array => encodeParts(new Map([[LIBFABRIC, part]]));

describeLibfabric('addresses and keys of libfabric that are not', () => {
  let pair: Pair;

  beforeEach(() => {
    pair = makePair(64, TCP);
  });
  afterEach(() => closePair(pair));

  function refusal(address: Uint8Array, key: Uint8Array): string {
    try {
      pair.a.connect(address, key, pair.source);
    } catch (error) {
      if (error instanceof BowechoError && error.code === 'PEER_UNREACHABLE') return error.message;
      throw error;
    }
    return 'it was accepted';
  }

  /** The good way still carries a write, and nobody has failed. */
  async function expectNoHarm(): Promise<void> {
    const seen = new Uint8Array(pair.target.memory);
    new Uint8Array(pair.source.memory).fill(3);
    pair.a.push(span(pair.peer, 64), 1);
    await pollUntil('a write lands', [pair.a, pair.b], () => seen[63] === 3);
    expect(drained(pair.a)).to.deep.equal([]);
  }

  it('are refused whatever bytes they are', async () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isKey) => {
        const words = isKey
          ? refusal(pair.b.address, withPart(bytes))
          : refusal(withPart(bytes), pair.target.key);
        expect(words).to.match(/^the libfabric (address|region key) of a peer cannot be read: /);
      }),
    );
    await expectNoHarm();
  });

  it('are refused when they are cut anywhere, or longer', () => {
    const key = partOf(pair.target.key);
    for (let length = 0; length < key.length; length++) {
      expect(refusal(pair.b.address, withPart(key.subarray(0, length)))).to.match(/ cannot be read: /);
    }
    expect(refusal(pair.b.address, withPart(new Uint8Array([...key, 0])))).to.match(/39 bytes and not 38$/);
    const address = partOf(pair.b.address);
    const endpointAt = address.length - addressOf(pair.b.address).endpoint.length;
    for (let length = 0; length <= endpointAt; length++) {
      expect(refusal(withPart(address.subarray(0, length)), pair.target.key)).to.match(/ cannot be read: /);
    }
    const longer = changeAddress(pair.b.address, { endpoint: new Uint8Array(257) });
    expect(refusal(longer, pair.target.key)).to.match(/ leave 257 for the endpoint$/);
  });

  it('are refused when any one byte of a good one is changed, but for those that only the network can judge', async () => {
    const address = partOf(pair.b.address);
    const endpointAt = address.length - addressOf(pair.b.address).endpoint.length;
    for (let at = 0; at < endpointAt; at++) {
      for (const change of [1, 0x80]) {
        const bad = address.slice();
        bad[at]! ^= change;
        expect(refusal(withPart(bad), pair.target.key), `byte ${at}`).not.to.equal('it was accepted');
      }
    }
    const key = partOf(pair.target.key);
    const sizeAt = 2 + 16; // after it, only the network knows whether the numbers are right
    for (let at = 0; at < sizeAt; at++) {
      for (const change of [1, 0x80]) {
        const bad = key.slice();
        bad[at]! ^= change;
        expect(refusal(pair.b.address, withPart(bad)), `byte ${at}`).not.to.equal('it was accepted');
      }
    }
    await expectNoHarm();
  });

  it('harm nobody where they are those of an endpoint and lead nowhere', async () => {
    const { endpoint } = addressOf(pair.b.address);
    for (let at = 0; at < endpoint.length; at++) {
      for (const change of [1, 0x80]) {
        const bad = endpoint.slice();
        bad[at]! ^= change;
        refusal(changeAddress(pair.b.address, { endpoint: bad }), pair.target.key);
      }
    }
    for (const length of [1, 2, 15, 17, 28, 256]) {
      refusal(changeAddress(pair.b.address, { endpoint: new Uint8Array(length).fill(2) }), pair.target.key);
    }
    await expectNoHarm();
  });

  it('are refused from another provider, and the sentence says what to do', () => {
    const other = changeAddress(pair.b.address, { provider: 'verbs;ofi_rxm' });
    expect(refusal(other, pair.target.key)).to.equal(
      'the peer uses the libfabric provider verbs;ofi_rxm, and this member uses tcp;ofi_rxm: ' +
        "name one fabric at all members, e.g. fabric: 'libfabric-tcp'",
    );
  });

  it('are refused when the key belongs to another endpoint than the address', () => {
    const other = createFabric(TCP);
    expect(refusal(pair.b.address, other.register(64).key)).to.match(
      /^the region key of a peer belongs to another endpoint than its address/,
    );
    other.close(() => {});
  });

  it('are refused from a fabric that has no libfabric, and by one', () => {
    const near = createFabric('shared-memory');
    const region = near.register(64);
    expect(refusal(near.address, region.key)).to.match(
      /^a peer cannot be reached: its address has nothing for libfabric \(tcp;ofi_rxm\); name one fabric at all/,
    );
    expect(() => near.connect(pair.b.address, pair.target.key, region)).to.throw(
      /its address has nothing for shared memory; name one fabric at all members$/,
    );
    near.close(() => {});
  });

  it('end one way where nobody knows the key there, and others go on', async () => {
    const { key } = keyOf(pair.target.key);
    const wrong = pair.a.connect(pair.b.address, changeKey(pair.target.key, { key: key ^ 1n }), pair.source);
    const c = createFabric(TCP);
    const cSource = c.register(64);
    const cTarget = pair.b.register(64);
    const fromC = c.connect(pair.b.address, cTarget.key, cSource);
    const seen = new Float64Array(cTarget.memory);
    const cells = new Float64Array(cSource.memory);
    let events: [number, number][] = [];
    let round = 0;
    await pollUntil('the writer is told', [pair.a, pair.b, c], () => {
      if (seen[0] === round) {
        cells[0] = ++round;
        c.push(span(fromC, 8), 1);
      }
      pair.a.push(span(wrong, 8), 1);
      events = [...events, ...drained(pair.a)];
      return events.length > 0;
    });
    // The connection ends, so all ways there do.
    expect(events.map(([, peer]) => peer)).to.have.members([pair.peer.index, wrong.index]);
    expect([...new Uint8Array(pair.target.memory)].every(byte => byte === 0)).to.equal(true);
    cells[0] = 1e6;
    c.push(span(fromC, 8), 1);
    await pollUntil('the other still writes there', [pair.b, c], () => seen[0] === 1e6);
    expect([...drained(pair.b), ...drained(c)]).to.deep.equal([]);
    c.close(() => {});
  });
});
