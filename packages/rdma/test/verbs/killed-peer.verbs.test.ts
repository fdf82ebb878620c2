/**
 * Goal: the end of a process by SIGKILL is noticed by whoever writes to it over verbs, once for each way, whether writes are on
 * their way or not; other peers are not harmed, and nothing that was held for the dead stays.
 */
import {
  BORROWED,
  EVENT_PEER_FAILED,
  EVENT_WRITES_LOST,
  PUSH_STRIDE,
  type Fabric,
  type Region,
} from '@bowecho/core';
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import { readdirSync, readlinkSync } from 'node:fs';
import { drained, pollUntil } from '../libfabric/poll-until.js';
import { span } from '../pair.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';
import { pinnedKiB } from './pinned-memory.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const BYTES = 64 * 1024;

describe('a process with verbs that is killed', () => {
  let children: FabricChild[];
  let mine: Fabric;
  let source: Region;
  let said: string[];

  beforeEach(() => {
    children = [];
    said = [];
    mine = createFabric(VERBS, { host: VERBS_HOST, say: words => said.push(words) });
    source = mine.register(BYTES);
    new Uint8Array(source.memory).fill(7);
  });
  afterEach(async () => {
    await new Promise<void>(resolve => mine.close(resolve));
    await Promise.all(children.map(child => child.end('SIGKILL')));
    expect(pinnedKiB(), 'KiB that stay pinned').to.equal(0);
  });

  /** Another process, and ways from here to two of its regions; a first write has landed in each. */
  async function startPeer(): Promise<{ child: FabricChild; theirs: ChildFabric; ways: number[] }> {
    const child = new FabricChild();
    children.push(child);
    const theirs = new ChildFabric(child, VERBS, { host: VERBS_HOST });
    const targets = [theirs.register(BYTES), theirs.register(BYTES)];
    const ways = targets.map(({ key }) => mine.connect(theirs.address, key, source).index);
    for (const index of ways) mine.push(span({ index }, 8), 1);
    const landed = targets.map(({ memory }) => new Uint8Array(memory, 0, 8));
    await pollUntil('the first writes land', [mine, theirs], () => landed.every(bytes => bytes[7] === 7));
    return { child, theirs, ways };
  }

  async function kill(child: FabricChild): Promise<void> {
    children.splice(children.indexOf(child), 1);
    await child.end('SIGKILL');
  }

  /** The events about a peer, of which there must be one for each way and no other. */
  async function failuresOf(ways: readonly number[]): Promise<void> {
    const events: [number, number][] = [];
    await pollUntil('the failure is reported', [mine], () => events.push(...drained(mine)) >= ways.length);
    for (let i = 0; i < 100; i++) mine.poll();
    events.push(...drained(mine));
    expect(events.map(([, peer]) => peer).sort()).to.deep.equal([...ways].sort());
    for (const [event] of events) expect(event).to.be.oneOf([EVENT_PEER_FAILED, EVENT_WRITES_LOST]);
    expect(said.join()).to.match(/a peer reached by libfabric \(verbs;ofi_rxm\) has failed: /);
  }

  it('is reported while writes are on their way, and other peers are written to as before', async () => {
    const killed = await startPeer();
    const other = await startPeer();
    const [way] = killed.ways as [number];
    const batch = new Int32Array(32 * PUSH_STRIDE);
    for (let i = 0; i < 32; i++) batch.set([way, 0, 0, BYTES, BORROWED], i * PUSH_STRIDE);
    const end = kill(killed.child);
    expect(mine.push(batch, 32)).to.equal(32);
    await end;
    mine.push(batch, 32); // on a busy machine the first may all have landed before it died
    await failuresOf(killed.ways);
    expect(mine.push(batch, 32), 'writing to the dead does no harm').to.equal(32);
    const target = other.theirs.register(64);
    const peer = mine.connect(other.theirs.address, target.key, source);
    mine.push(span(peer, 64), 1);
    const bytes = new Uint8Array(target.memory);
    await pollUntil('the other peer gets a write', [mine, other.theirs], () => bytes[63] === 7);
    expect(drained(mine)).to.deep.equal([]);
  });

  it('is reported by the next write where none is on its way', async () => {
    const { child, ways } = await startPeer();
    await kill(child);
    for (let i = 0; i < 1000; i++) mine.poll();
    const [index] = ways as [number];
    mine.push(span({ index }, 8), 1);
    await failuresOf(ways);
  });

  it('had written here, and nobody had looked: what it wrote is there', async () => {
    const { child, theirs } = await startPeer();
    const target = mine.register(BYTES);
    const from = theirs.register(BYTES);
    new Uint8Array(from.memory).fill(9);
    const there = theirs.connect(mine.address, target.key, from);
    theirs.push(span(there, BYTES), 1);
    const bytes = new Uint8Array(target.memory);
    await pollUntil('its first write lands', [mine, theirs], () => bytes[BYTES - 1] === 9);
    new Uint8Array(from.memory).fill(10);
    for (let i = 0; i < 50; i++) theirs.push(span(there, 8), 1);
    await pollUntil('the last write lands', [theirs], () => bytes[7] === 10);
    await kill(child);
    for (let i = 0; i < 1000; i++) mine.poll();
    expect(bytes[7]).to.equal(10);
  });

  it('leaves nothing here, however often it happens', async () => {
    const first = { descriptors: 0, pinned: 0 };
    for (let round = 0; round < 3; round++) {
      const { child, ways } = await startPeer();
      await kill(child);
      mine.push(span({ index: ways[0]! }, 8), 1);
      await failuresOf(ways);
      for (const index of ways) mine.disconnect({ index });
      said = [];
      const now = { descriptors: verbsDescriptors(), pinned: pinnedKiB() };
      if (round === 0) Object.assign(first, now);
      else {
        expect(now.descriptors, `descriptors in round ${round}`).to.be.at.most(first.descriptors);
        expect(now.pinned, `pinned KiB in round ${round}`).to.be.at.most(first.pinned);
      }
    }
  });
});

/** How many descriptors this process has of devices and connections. */
function verbsDescriptors(): number {
  const links = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the one by which the folder was read
    }
  });
  return links.filter(link => /infiniband|eventpoll|eventfd/.test(link)).length;
}
