/**
 * Goal: 'auto' is shared memory and libfabric at once where peers may be elsewhere, and each peer goes by the better way that
 * works for it; who goes by the other hears why.
 */
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { decodeParts } from '../../src/parts.js';
import type { AutoFindings } from './auto-run.js';
import { LIBFABRIC } from './addresses.js';
import { describeLibfabric } from './describe-libfabric.js';

const RUN = fileURLToPath(new URL('./auto-run.js', import.meta.url));
const HOST = '10.77.7.7';
const SHARED_MEMORY = 1;
/** Its own loopback interface has that address too. */
const NAMESPACE = [
  'unshare',
  '--net',
  'sh',
  '-c',
  `ip link set lo up && ip addr add ${HOST}/32 dev lo && exec "$@"`,
  'sh',
];

function inNamespace(...command: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program, ...args] = [...NAMESPACE, ...command];
  return spawnSync(program!, args, { encoding: 'utf8' });
}

describeLibfabric("the fabric 'auto'", () => {
  it('opens no endpoint of libfabric on loopback, where shared memory reaches everybody', () => {
    for (const host of ['127.0.0.1', '127.0.0.2', '::1', undefined]) {
      const said: string[] = [];
      const fabric = createFabric('auto', { ...(host && { host }), say: words => said.push(words) });
      expect([...decodeParts(fabric.address, 'address').keys()]).to.deep.equal([SHARED_MEMORY]);
      expect(said).to.deep.equal([]);
      fabric.close(() => {});
    }
  });

  it('has both elsewhere, prefers shared memory, and reaches by libfabric whom it cannot map, with a word', function () {
    if (inNamespace('true').status !== 0) {
      this.test!.title += ' (not tried: needs root and iproute2, for a network namespace)';
      this.skip();
    }
    const { status, stdout, stderr } = inNamespace(process.execPath, RUN, HOST);
    expect(status, stderr).to.equal(0);
    const found = JSON.parse(stdout) as AutoFindings;
    expect(found.parts).to.deep.equal([[SHARED_MEMORY, LIBFABRIC], [SHARED_MEMORY]]);
    expect(found.said).to.have.lengthOf(1);
    expect(found.said[0]).to.match(/^libfabric's provider tcp;ofi_rxm is used \(\w+\)$/);
    expect(found.landsWithoutPoll, 'a process of the same user goes by shared memory').to.equal(true);
    expect(found.landsFromOtherUser).to.equal(true);
    expect(found.saidByOtherUser.at(-1)).to.match(
      /^a peer is reached by libfabric \(tcp;ofi_rxm\): process \d+ may not be looked into: it belongs to another user/,
    );
  });
});
