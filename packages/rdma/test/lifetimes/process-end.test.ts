/** Goal: the end of a process, orderly or by SIGKILL, harms nobody, leaves nothing, and is noticed at once by its peers. */
import { EVENT_PEER_GONE, EVENT_STRIDE, type Fabric, type Region } from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { holdings } from '../holdings.js';
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';
import { runScript } from '../script.js';
import { describeSharedMemory } from '../describe-shared-memory.js';

describeSharedMemory('a process with shared memory that ends', () => {
  it('is not kept alive by a fabric, not even by one that sleeps', () => {
    const { status, said } = runScript(`
      const fabric = createFabric('shared-memory'), other = createFabric('shared-memory');
      const region = fabric.register(4096);
      other.connect(fabric.address, region.key, other.register(64));
      say(fabric.arm(() => {}));
    `);
    expect({ status, said }).to.deep.equal({ status: 0, said: [true] });
  });

  it('may call process.exit with everything open, and in the middle of a wake', () => {
    const { status, errors } = runScript(`
      const fabric = createFabric('shared-memory'), other = createFabric('shared-memory');
      const region = fabric.register(4096);
      const peer = other.connect(fabric.address, region.key, other.register(64));
      fabric.arm(() => process.exit(3));
      other.push(new Int32Array([peer.index, 0, 0, 64, 1]), 1);
      setInterval(() => {}, 1000);
    `);
    expect({ status, errors }).to.deep.equal({ status: 3, errors: '' });
  });

  it('has an uncaught exception where the woken one throws', () => {
    const { said } = runScript(`
      process.on('uncaughtException', error => { say(error.message); process.exit(); });
      const fabric = createFabric('shared-memory'), other = createFabric('shared-memory');
      const peer = other.connect(fabric.address, fabric.register(64).key, other.register(64));
      fabric.arm(() => { throw new Error('planted'); });
      other.push(new Int32Array([peer.index, 0, 0, 64, 1]), 1);
      setInterval(() => {}, 1000);
    `);
    expect(said).to.deep.equal(['planted']);
  });

  describe('by SIGKILL', () => {
    let child: FabricChild;
    let theirs: ChildFabric;
    let mine: Fabric;
    let source: Region;

    beforeEach(() => {
      child = new FabricChild();
      theirs = new ChildFabric(child, 'shared-memory');
      mine = createFabric('shared-memory');
      source = mine.register(64);
    });
    afterEach(() => mine.close(() => {}));

    it('is reported once per way, wakes who sleeps, and makes new ways impossible', async () => {
      const keys = [theirs.register(64).key, theirs.register(64).key];
      const peers = keys.map(key => mine.connect(theirs.address, key, source));
      const gone = mine.connect(theirs.address, keys[0]!, source);
      mine.disconnect(gone);
      const woken = new Promise<void>(resolve => expect(mine.arm(resolve)).to.equal(true));
      await child.end('SIGKILL');
      await woken;
      expect(
        mine.arm(() => {}),
        'nobody sleeps over a failure',
      ).to.equal(false);
      const one = new Int32Array(EVENT_STRIDE);
      expect(mine.drain(new Int32Array(0))).to.equal(0);
      expect([mine.drain(one), ...one]).to.deep.equal([1, EVENT_PEER_GONE, peers[0]!.index]);
      const more = new Int32Array(3 * EVENT_STRIDE);
      expect([mine.drain(more), ...more]).to.deep.equal([1, EVENT_PEER_GONE, peers[1]!.index, 0, 0, 0, 0]);
      expect(mine.drain(more)).to.equal(0);
      expect(mine.arm(() => {})).to.equal(true);
      expect(mine.push(span(peers[0]!, 64), 1), 'writing to the dead does no harm').to.equal(1);
      expect(() => mine.connect(theirs.address, keys[0]!, source)).to.throw(/process \d+ has ended/);
    });

    it('is not reported for ways that were disconnected', async () => {
      const watched = mine.connect(theirs.address, theirs.register(64).key, source);
      const dropped = mine.connect(theirs.address, theirs.register(64).key, source);
      const woken = new Promise<void>(resolve => mine.arm(resolve));
      await child.end('SIGKILL');
      await woken;
      mine.disconnect(dropped);
      const events = new Int32Array(4 * EVENT_STRIDE);
      expect([mine.drain(events), events[1]]).to.deep.equal([1, watched.index]);
    });

    it('leaves nothing behind, and the memory of others goes on', async () => {
      const files = readdirSync('/dev/shm');
      const target = mine.register(64);
      const from = theirs.register(64);
      const there = theirs.connect(mine.address, target.key, from);
      const before = holdings();
      const back = mine.connect(theirs.address, theirs.register(64).key, source);
      new Uint8Array(from.memory).fill(8);
      theirs.push(span(there, 64), 1);
      await child.end('SIGKILL');
      await nextTurn();
      expect(new Uint8Array(target.memory).every(byte => byte === 8)).to.equal(true);
      new Uint8Array(target.memory).fill(9);
      mine.disconnect(back);
      await nextTurn();
      expect(holdings().mappings).to.equal(before.mappings + 1); // the test's own, of the region that it looked at
      expect(readdirSync('/dev/shm')).to.deep.equal(files);
    });
  });
});
