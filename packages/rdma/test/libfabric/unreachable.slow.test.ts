/**
 * Goal: who cannot be connected is reported within the ten seconds that a connection may take, and others are not kept waiting;
 * and an addon that was built without libfabric's headers says what to install.
 */
import { EVENT_PEER_FAILED } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { span } from '../pair.js';
import { runScript } from '../script.js';
import { changeAddress, changeKey, withPort } from './addresses.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

const PACKAGE = fileURLToPath(new URL('../../../', import.meta.url));

describeLibfabric('a peer that cannot be connected', () => {
  it('is reported after ten seconds, be there nobody, a stranger, or one that never polls', async () => {
    const said: string[] = [];
    const a = createFabric(TCP, { say: words => said.push(words) });
    const b = createFabric(TCP);
    const asleep = createFabric(TCP); // nobody polls it
    const stranger = createServer(socket => socket.on('error', () => {})); // takes connections and answers nothing
    await new Promise<void>(resolve => stranger.listen(0, '127.0.0.1', resolve));
    const source = a.register(64);
    const target = b.register(64);
    const good = a.connect(b.address, target.key, source);
    /** As an endpoint of its own. */
    const elsewhere = (port: number): { index: number } => {
      const nonce = crypto.getRandomValues(new Uint8Array(16));
      const address = changeAddress(withPort(b.address, port), { nonce });
      return a.connect(address, changeKey(target.key, { nonce }), source);
    };
    const bad = [
      elsewhere(1), // nobody listens there
      elsewhere((stranger.address() as AddressInfo).port),
      a.connect(asleep.address, asleep.register(64).key, source),
    ];
    for (const peer of bad) a.push(span(peer, 64), 1);
    const events: [number, number][] = [];
    const cells = new Float64Array(source.memory);
    const seen = new Float64Array(target.memory);
    let round = 0;
    await pollUntil('all are reported', [a, b], () => {
      if (seen[0] === round) {
        cells[0] = ++round;
        a.push(span(good, 8), 1);
      }
      events.push(...drained(a));
      return events.length >= bad.length;
    });
    expect(round, 'writes to the good one in the meantime').to.be.greaterThan(100);
    expect(events.map(([, peer]) => peer)).to.have.members(bad.map(({ index }) => index));
    for (const [event] of events) expect(event).to.equal(EVENT_PEER_FAILED);
    expect(
      said.filter(words => words.includes('no connection came about within 10 seconds')),
    ).to.have.lengthOf(3);
    for (const fabric of [a, b, asleep]) fabric.close(() => {});
    stranger.close();
  });
});

describeLibfabric("an addon that was built without libfabric's headers", () => {
  it('has shared memory, and says for each fabric of libfabric what to install', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bowecho-compiler-'));
    try {
      // Without a preprocessor's answer nobody finds headers; whatever else is asked of it, it does.
      const compiler = join(folder, 'compiler');
      writeFileSync(compiler, '#!/bin/sh\n[ "$1" = -E ] && exit 1\nexec g++ "$@"\n');
      chmodSync(compiler, 0o755);
      const { status, stderr } = spawnSync(
        process.execPath,
        ['scripts/build.mjs', '--variant', 'without-libfabric'],
        { cwd: PACKAGE, encoding: 'utf8', env: { ...process.env, CXX: compiler } },
      );
      expect(status, stderr).to.equal(0);
      const { said, errors } = runScript(
        `import { availableFabrics, unavailableReason } from '@bowecho/rdma';
         say(availableFabrics());
         say(['libfabric', 'libfabric-verbs', 'libfabric-efa', 'libfabric-tcp', 'libfabric-shm'].map(name => unavailableReason(name)));`,
        { env: { '@BOWECHO/RDMA_PREBUILD': `${PACKAGE}build/variants/without-libfabric` } },
      );
      expect(said, errors).to.have.lengthOf(2);
      expect(said[0]).to.deep.equal(['auto', 'shared-memory']);
      for (const reason of said[1] as string[]) {
        expect(reason).to.match(
          /^the native addon was built without libfabric's headers: install libfabric-dev .*`npm rebuild @bowecho\/rdma`$/,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
