/** Goal: what verbs refuse is said in words that tell what to do, and leaves the rest as it was. */
import { BowechoError, EVENT_PEER_FAILED } from '@bowecho/core';
import { createFabric, unavailableReason } from '@bowecho/rdma';
import { expect } from 'chai';
import { runScript } from '../script.js';
import { pinnedKiB } from './pinned-memory.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

/** Root may pin what it likes, unless it gives up the right to. */
const WITHOUT_RIGHT = ['setpriv', '--bounding-set', '-ipc_lock', '--inh-caps', '-ipc_lock', '--'];
const OPTIONS = `{ host: '${VERBS_HOST}', say }`;

describe('verbs refuse', () => {
  it('a region that is above what may be pinned, and take a smaller one', () => {
    const { said, errors } = runScript(
      `const fabric = createFabric('${VERBS}', ${OPTIONS});
       const before = countDescriptors();
       for (let i = 0; i < 3; i++) say(codeOf(() => fabric.register(32 << 20)));
       say(countDescriptors() - before);
       say(fabric.register(65536).memory.byteLength);`,
      { limit: 'ulimit -l 16384', through: WITHOUT_RIGHT },
    );
    expect(errors).to.equal('');
    for (const line of said.slice(1, 4)) {
      expect(line).to.match(
        /^MEMORY_UNAVAILABLE: 33554432 bytes cannot be registered with libfabric \(verbs;ofi_rxm\): /,
      );
      expect(line).to.match(/raise `ulimit -l` \(LimitMEMLOCK of a service\)/);
    }
    expect(said.slice(4)).to.deep.equal([0, 65536]);
  });

  it('what a connection needs where hardly anything may be pinned, and say what to do', () => {
    const { said, errors } = runScript(
      `const said = [];
       const [a, b] = [0, 1].map(() => createFabric('${VERBS}', { host: '${VERBS_HOST}', say: words => said.push(words) }));
       const [source, target] = [a, b].map(fabric => fabric.register(4096));
       const peer = a.connect(b.address, target.key, source);
       a.push(Int32Array.of(peer.index, 0, 0, 64, 1), 1);
       const events = new Int32Array(4);
       for (;;) {
         for (const fabric of [a, b]) fabric.poll();
         if (a.drain(events) > 0) break;
         await new Promise(resolve => setImmediate(resolve));
       }
       say(events[0]);
       say(said.at(-1));`,
      { limit: 'ulimit -l 256', through: ['timeout', '60', ...WITHOUT_RIGHT] },
    );
    expect(errors).to.equal('');
    expect(said[0]).to.equal(EVENT_PEER_FAILED);
    expect(said[1]).to.match(
      /^a peer reached by libfabric \(verbs;ofi_rxm\) has failed: .*raise `ulimit -l`/,
    );
  });

  it('a peer on another provider, by both names', () => {
    const verbs = createFabric(VERBS, { host: VERBS_HOST });
    const tcp = createFabric('libfabric-tcp', { host: VERBS_HOST });
    const regions = [verbs, tcp].map(fabric => fabric.register(64));
    try {
      expect(() => verbs.connect(tcp.address, regions[1]!.key, regions[0]!))
        .to.throw(
          BowechoError,
          /the peer uses the libfabric provider tcp;ofi_rxm, and this member uses verbs;ofi_rxm: name one/,
        )
        .with.property('code', 'PEER_UNREACHABLE');
      expect(() => tcp.connect(verbs.address, regions[0]!.key, regions[1]!))
        .to.throw(
          BowechoError,
          /the peer uses the libfabric provider verbs;ofi_rxm, and this member uses tcp;ofi_rxm: name one/,
        )
        .with.property('code', 'PEER_UNREACHABLE');
    } finally {
      for (const fabric of [verbs, tcp]) fabric.close(() => {});
    }
    expect(pinnedKiB()).to.equal(0);
  });

  it('an address that has no device, and say where there is one', () => {
    const reason = unavailableReason(VERBS, { host: '192.0.2.1' });
    expect(reason).to.match(
      /^libfabric has no verbs;ofi_rxm at the address 192\.0\.2\.1; it has verbs;ofi_rxm at 10\.77\.0\.1 \(rxe0\)/,
    );
    expect(unavailableReason(VERBS, { host: VERBS_HOST })).to.equal(undefined);
    expect(unavailableReason(VERBS, { host: 'fd77::1' }), 'IPv6').to.equal(undefined);
  });
});
