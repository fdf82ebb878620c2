/**
 * Goal: queries at a member that holds a lease send nothing, whatever their number; without one they wait for all others; and who may
 * have been left out answers none.
 */
import { BowechoError, defineActor } from '@bowecho/actors';
import type { Fabric } from '@bowecho/core';
import { expect } from 'chai';
import { NodesByHand } from './nodes-by-hand.js';

const Box = defineActor({
  name: 'box-to-read',
  state: () => ({ count: 0 }),
  commands: { add: state => ++state.count },
  queries: { size: state => state.count },
});

const LEASE_MICROS = 100_000;

/** How often members have pushed anything since. */
function countPushes(group: NodesByHand): () => number {
  let count = 0;
  for (const { member } of group.nodes) {
    const { fabric } = (member as unknown as { readonly ports: { readonly fabric: Fabric } }).ports;
    const push = fabric.push.bind(fabric);
    fabric.push = (batch, length) => {
      count++;
      return push(batch, length);
    };
  }
  return () => count;
}

/** Whether it has settled by now. */
async function isSettled(call: Promise<unknown>): Promise<boolean> {
  const waiting = {};
  return (await Promise.race([call, Promise.resolve(waiting)])) !== waiting;
}

const endOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: BowechoError) => `${error.code} ${error.didExecute}`);

describe('linearizable queries', () => {
  it('send nothing but the renewals of a lease, forty a second, whatever their number', async () => {
    const group = new NodesByHand(Box, { count: 3 });
    const box = group.ref(Box, 1);
    const first = box.size();
    group.runAll();
    expect(await first).to.equal(0);
    const pushes = countPushes(group);
    for (let ms = 0; ms < 1_000; ms++) {
      for (let nth = 0; nth < 100; nth++) expect(await isSettled(box.size()), 'at once').to.equal(true);
      group.now += 1_000;
      group.runAll();
    }
    // Each renewal is a push of the holder, and one of each of the two others.
    expect(pushes()).to.be.within(3 * 30, 3 * 41);
  });

  it('wait for one way there and back where there is no lease', async () => {
    const group = new NodesByHand(Box, { count: 3 });
    const box = group.ref(Box, 0);
    const [one, two] = [box.size(), box.size()];
    group.run(0);
    group.run(1); // one echoes
    group.run(0);
    expect(await isSettled(one)).to.equal(false);
    group.runAll();
    expect([await one, await two]).to.deep.equal([0, 0]);
    group.now += LEASE_MICROS - 1;
    expect(await isSettled(box.size()), 'by the lease').to.equal(true);
    group.now += LEASE_MICROS;
    expect(await isSettled(box.size()), 'after it').to.equal(false);
  });

  it('are answered by nobody who may have been left out', async () => {
    const group = new NodesByHand(Box, { count: 3 });
    const box = group.ref(Box, 2);
    const first = box.size();
    group.run(2, 0, 1);
    await first;
    // The others go on without it as soon as they may, and it hears nothing of it.
    group.bury(2, 0, 1);
    group.run(0, 1);
    expect(group.nodes[0]!.member.view.vid, 'it holds a lease').to.equal(0);
    expect(await isSettled(box.size())).to.equal(true);
    group.now += LEASE_MICROS;
    const late = endOf(box.size());
    expect(await isSettled(late)).to.equal(false);
    group.now += LEASE_MICROS;
    group.run(0, 1);
    expect(group.views[0]!.at(-1)!.left).to.deep.equal(['n2']);
    const added = group.ref(Box, 0).add();
    group.run(0, 1);
    expect(await added).to.equal(1);
    expect(await isSettled(late)).to.equal(false);
    group.runAll();
    expect(await late).to.equal('VIEW_ENDED no');
  });

  it('are answered in the next view where it was not certain that the last one went on', async () => {
    const group = new NodesByHand(Box, { count: 3 });
    const box = group.ref(Box, 1);
    const waiting = box.size();
    group.kill(2); // it echoes nothing
    group.run(0, 1);
    expect(await isSettled(waiting)).to.equal(false);
    group.bury(2, 0, 1);
    group.run(0, 1);
    expect(group.views[1]!.at(-1)!.left).to.deep.equal(['n2']);
    group.run(1, 0); // it asks again there
    expect(await waiting).to.equal(0);
  });
});
