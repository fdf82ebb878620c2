/** Goal: libfabric binds to the address that it is given, of either family, and says what there is where it is not this machine's. */
import { createFabric, unavailableReason } from '@bowecho/rdma';
import { expect } from 'chai';
import { networkInterfaces } from 'node:os';
import { span } from '../pair.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { pollUntil } from './poll-until.js';

const BYTES = 5000;

async function expectBothWays(hostA: string, hostB: string): Promise<void> {
  const a = createFabric(TCP, { host: hostA });
  const b = createFabric(TCP, { host: hostB });
  const [atA, atB] = [a.register(BYTES), b.register(BYTES)];
  const there = a.connect(b.address, atB.key, atA);
  const back = b.connect(a.address, atA.key, atB);
  const [seenA, seenB] = [new Uint8Array(atA.memory), new Uint8Array(atB.memory)];
  for (let round = 1; round < 20; round++) {
    seenA.fill(round);
    a.push(span(there, BYTES), 1);
    await pollUntil('it lands there', [a, b], () => seenB[BYTES - 1] === round);
    seenB.fill(round + 100);
    b.push(span(back, BYTES), 1);
    await pollUntil('it lands here', [a, b], () => seenA[BYTES - 1] === round + 100);
  }
  for (const fabric of [a, b]) fabric.close(() => {});
}

describeLibfabric('libfabric at an address', () => {
  it('of IPv6 carries writes both ways', async function () {
    const reason = unavailableReason(TCP, { host: '::1' });
    if (reason !== undefined) {
      expect(
        Object.values(networkInterfaces())
          .flat()
          .map(one => one!.address),
      ).not.to.include('::1');
      this.test!.title += ` (not tried: ${reason})`;
      this.skip();
    }
    await expectBothWays('::1', '::1');
  });

  it('reaches one at another', async () => {
    await expectBothWays('127.0.0.1', '127.0.0.2');
    await expectBothWays('127.0.0.3', '127.0.0.2');
  });

  it('that is of another machine, or of all interfaces, is refused, and the sentence says which there are', () => {
    // The first two are kept for documents: nobody has them.
    for (const host of ['203.0.113.7', '2001:db8::7', '0.0.0.0', '::']) {
      const reason = `${host} is no address of this machine, which has `;
      expect(unavailableReason(TCP, { host })).to.include(reason).and.include('127.0.0.1');
      for (const name of [TCP, 'libfabric']) {
        expect(() => createFabric(name, { host }))
          .to.throw(`the fabric '${name}' cannot be used here: ${reason}`)
          .with.property('code', 'FABRIC_UNAVAILABLE');
      }
      const said: string[] = [];
      createFabric('auto', { host, say: words => said.push(words) }).close(() => {});
      expect(said).to.have.lengthOf(1);
      expect(said[0]).to.include(`only members on this machine can be reached, by shared memory: ${reason}`);
    }
  });

  it('is the same however it is written', () => {
    if (unavailableReason(TCP, { host: '::1' }) !== undefined) return;
    expect(unavailableReason(TCP, { host: '0:0:0:0:0:0:0:1' })).to.equal(undefined);
  });

  it('that is none is refused before libfabric is asked', () => {
    for (const host of ['localhost', '', '127.0.0.1:7400', '[::1]', '256.1.1.1']) {
      expect(unavailableReason(TCP, { host })).to.equal(
        `the host must be an IP address of this machine, but is '${host}'`,
      );
    }
  });
});
