/** Goal: a process that is killed harms nobody, and its peers are told once for each way as soon as they write to it. */
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
import { nextTurn } from '../next-turn.js';
import { span } from '../pair.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';
import { TCP, describeLibfabric } from './describe-libfabric.js';
import { drained, pollUntil } from './poll-until.js';

const BYTES = 1 << 20;
/** Some more than what grows once, at the first of them. */
const KILLED = 6;

/** How many this process has. Descriptors of other kinds are the test's own: it maps the children's memory. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter(fd => isSocket(`/proc/self/fd/${fd}`)).length;
}

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('socket:');
  } catch {
    return false; // that of the directory that was read
  }
}

interface Child {
  readonly process: FabricChild;
  readonly fabric: ChildFabric;
  /** Ends the process; twice is allowed. */
  kill(): Promise<void>;
}

function startChild(): Child {
  const process = new FabricChild();
  let ended: Promise<void> | undefined;
  return { process, fabric: new ChildFabric(process, TCP), kill: () => (ended ??= process.end('SIGKILL')) };
}

describeLibfabric('a process that is reached by TCP and is killed', () => {
  let mine: Fabric;
  let source: Region;
  let child: Child;

  beforeEach(() => {
    mine = createFabric(TCP);
    source = mine.register(BYTES);
    child = startChild();
  });
  afterEach(async () => {
    mine.close(() => {});
    await child.kill();
  });

  /** The child must look for itself: nothing lands before it polls. */
  const both = (): Pick<Fabric, 'poll'>[] => [mine, child.fabric];

  for (const isIdle of [false, true]) {
    it(`is reported once for each way ${isIdle ? 'by the next write' : 'while writes are under way'}`, async () => {
      const targets = [1, 2, 3].map(() => child.fabric.register(BYTES));
      const peers = targets.map(target => mine.connect(child.fabric.address, target.key, source));
      mine.disconnect(peers.pop()!);
      new Uint8Array(source.memory).fill(5);
      mine.push(span(peers[0]!, 64), 1);
      const seen = new Uint8Array(targets[0]!.memory);
      await pollUntil('a first write lands', both(), () => seen[63] === 5);
      const write = (): void => peers.forEach(peer => mine.push(span(peer, 4096), 1));
      if (!isIdle) for (let i = 0; i < 500; i++) write();
      await child.kill();
      const events: [number, number][] = [];
      await pollUntil('it is reported', [mine], () => {
        write();
        events.push(...drained(mine));
        return events.length > 0;
      });
      for (let i = 0; i < 100; i++) {
        write();
        mine.poll();
        await nextTurn();
        events.push(...drained(mine));
      }
      expect(events.map(([, peer]) => peer)).to.deep.equal(peers.map(({ index }) => index));
      for (const [event] of events) expect(event).to.be.oneOf([EVENT_PEER_FAILED, EVENT_WRITES_LOST]);
      expect(() => mine.connect(child.fabric.address, targets[0]!.key, source))
        .to.throw(/^the peer has failed before: /)
        .with.property('code', 'PEER_UNREACHABLE');
    });
  }

  it('is reported for ways of two views, and for one that was made when it was dead already', async () => {
    const [old, young, late] = [1, 2, 3].map(() => child.fabric.register(BYTES)) as [Region, Region, Region];
    const peers = [old, young].map(({ key }) => mine.connect(child.fabric.address, key, source));
    new Uint8Array(source.memory).fill(5);
    for (const peer of peers) mine.push(span(peer, 64), 1);
    const seen = new Uint8Array(young.memory);
    await pollUntil('it is written to', both(), () => seen[63] === 5);
    const lateKey = late.key;
    await child.kill();
    peers.push(mine.connect(child.fabric.address, lateKey, source));
    const events: [number, number][] = [];
    await pollUntil('it is reported', [mine], () => {
      mine.push(span(peers.at(-1)!, 64), 1);
      events.push(...drained(mine));
      return events.length > 0;
    });
    expect(events.map(([, peer]) => peer)).to.deep.equal(peers.map(({ index }) => index));
    const next = new Set(peers.map(({ index }) => index));
    for (const peer of peers) mine.disconnect(peer);
    const other = createFabric(TCP);
    const reached = mine.connect(other.address, other.register(64).key, source);
    expect(next.has(reached.index), 'an index is given twice').to.equal(false);
    expect(drained(mine)).to.deep.equal([]);
    other.close(() => {});
  });

  it('does not harm who it was writing to, nor the ways of others', async () => {
    const other = createFabric(TCP);
    const target = mine.register(BYTES);
    const otherTarget = other.register(BYTES);
    const toOther = mine.connect(other.address, otherTarget.key, source);
    const from = child.fabric.register(BYTES);
    const there = child.fabric.connect(mine.address, target.key, from);
    new Uint8Array(from.memory).fill(6);
    const large = Int32Array.from([there.index, 0, 0, BYTES, BORROWED]);
    for (let i = 0; i < 30; i++) child.fabric.push(large, large.length / PUSH_STRIDE);
    const seen = new Uint8Array(target.memory);
    await pollUntil('the first bytes land', both(), () => seen[0] === 6);
    await child.kill(); // in the middle of one
    const cells = new Float64Array(source.memory);
    const there2 = new Float64Array(otherTarget.memory);
    for (let round = 1; round <= 100; round++) {
      cells[0] = round;
      mine.push(span(toOther, 8), 1);
      await pollUntil('the other is reached', [mine, other], () => there2[0] === round);
    }
    expect(drained(mine)).to.deep.equal([]);
    other.close(() => {});
  });

  it('leaves nothing, however many there were', async () => {
    const target = mine.register(BYTES);
    const seen = new Uint8Array(target.memory);
    const meetOne = async (number: number): Promise<void> => {
      const one = startChild();
      const peer = mine.connect(one.fabric.address, one.fabric.register(BYTES).key, source);
      const from = one.fabric.register(BYTES);
      const back = one.fabric.connect(mine.address, target.key, from);
      new Uint8Array(from.memory).fill(number);
      one.fabric.push(span(back, BYTES), 1);
      await pollUntil('it writes', [mine, one.fabric], () => seen[BYTES - 1] === number);
      mine.push(span(peer, BYTES), 1);
      await one.kill();
      await pollUntil('it is reported', [mine], () => {
        mine.push(span(peer, 64), 1);
        return drained(mine).length > 0;
      });
      mine.disconnect(peer);
      await nextTurn();
    };
    await meetOne(100);
    const before = sockets();
    for (let i = 1; i <= KILLED; i++) await meetOne(i);
    // libfabric looks at connections that ended only now and then.
    await pollUntil('all sockets are closed', [mine], () => sockets() <= before);
  });
});
