/**
 * Goal: whoever is armed over verbs sleeps on a descriptor, and nobody looks in its place; a write of another process, which alone
 * would make no sound there, wakes it.
 */
import { createFabric } from '@bowecho/rdma';
import { expect } from 'chai';
import type { LibfabricTransport } from '../../src/libfabric/libfabric-transport.js';
import type { RdmaFabric } from '../../src/rdma-fabric.js';
import { pollUntil } from '../libfabric/poll-until.js';
import { span } from '../pair.js';
import { ChildFabric, FabricChild } from '../processes/child-fabric.js';
import { VERBS, VERBS_HOST } from './verbs-host.js';

const ROUNDS = 20;

describe('sleep over verbs', () => {
  it('is watched by no timer, and ends by each write from another process', async () => {
    const mine = createFabric(VERBS, { host: VERBS_HOST });
    const child = new FabricChild();
    const theirs = new ChildFabric(child, VERBS, { host: VERBS_HOST });
    const target = mine.register(64);
    const source = theirs.register(64);
    const from = new Uint8Array(source.memory);
    const to = new Uint8Array(target.memory);
    const there = theirs.connect(mine.address, target.key, source);
    // One poller, and this process sleeps in the event loop between looks of the other.
    const driven = { poll: () => theirs.poll() };
    const transport = (mine as RdmaFabric).transports[0] as LibfabricTransport;
    const look = transport.look.bind(transport);
    let looks = 0;
    transport.look = () => {
      looks++;
      look();
    };
    try {
      for (let round = 1; round <= ROUNDS; round++) {
        let wakes = 0;
        const sleep = (): boolean => {
          mine.poll();
          return mine.arm(() => wakes++);
        };
        await pollUntil('there is nothing to do', [], sleep);
        looks = 0;
        from.fill(round);
        theirs.push(span(there, 8), 1);
        await pollUntil(`it is woken in round ${round}`, [driven], () => wakes > 0);
        const looksAsleep = looks;
        await pollUntil('what woke it is there', [mine, driven], () => to[7] === round);
        expect([wakes, looksAsleep]).to.deep.equal([1, 0]);
      }
    } finally {
      mine.close(() => {});
      theirs.close(() => {});
      await child.end();
    }
  });
});
