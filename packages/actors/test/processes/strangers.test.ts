/** What comes to the control port of a group that works: it is told off, and the group does not notice. */
import { connect } from 'node:net';
import { expect } from 'chai';
import { CONTROL_LIMITS } from '../../src/control/control-limits.js';
import { preamble } from '../../src/control/preamble.js';
import { RawPeer, closeRawPeers, headerOf } from '../control/raw-peer.js';
import { Group, afterGroup, needsProcesses, type TestMember } from './group.js';

const HALF_OPEN = 1_000;

describe('a control port, while its group works', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(async () => {
    closeRawPeers();
    await afterGroup();
  });

  const openings: readonly (readonly [what: string, bytes: Buffer, logged: RegExp])[] = [
    ['garbage', Buffer.alloc(4_096, 0xa5), /bytes that are no member's/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: n1\r\n\r\n'), /an HTTP request came/],
    [
      'a greeting of 2 GiB',
      Buffer.concat([preamble(), headerOf(2 ** 31 - 1, 1), Buffer.alloc(65_536)]),
      /cannot be read: .*2147483647/,
    ],
  ];
  for (const [what, bytes, logged] of openings) {
    it(`hangs up on ${what}`, async () => {
      const group = await Group.running(3);
      const work = workOf(group);
      const port = portOf(group.n(1));
      for (let i = 0; i < 20; i++) await new RawPeer(port).write(bytes).closed();
      await work.end();
      expect(await group.n(1).heard('log', logged)).to.match(/^warn/);
    });
  }

  it(`bears ${HALF_OPEN} connections that say nothing`, async () => {
    const group = await Group.running(3);
    const work = workOf(group);
    const port = portOf(group.n(2));
    const sockets = Array.from({ length: HALF_OPEN }, () => connect({ host: '127.0.0.1', port }));
    const over = sockets.map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())));
    for (const socket of sockets) socket.on('error', () => undefined).resume(); // a reset is a way to be refused
    // A port keeps so many that have not greeted, and drops the oldest for newer ones.
    let dropped = 0;
    await new Promise<void>(resolve => {
      for (const each of over)
        void each.then(() => ++dropped === HALF_OPEN - CONTROL_LIMITS.maxHandshakes && resolve());
    });
    await work.end();
    for (const socket of sockets) socket.destroy();
    await Promise.all(over);
  });
});

/** Calls everywhere until `end` asks whether all were answered. Of three members one forwards the half of its calls. */
function workOf(group: Group): { end(): Promise<void> } {
  const loads = group.members.map(member =>
    member.run(async ({ cluster, Ledger, Pair, settleAll }) => {
      const targets = [cluster.get(Ledger, 'x'), cluster.get(Pair, 'x')];
      const work = { isOver: false, bad: [] as string[], rounds: 0 };
      Object.assign(globalThis, { work });
      while (!work.isOver) {
        const text = `${cluster.id}/${work.rounds++}`;
        const outcomes = await settleAll(40, 20, i => targets[i % 2]!.append(`${text}/${i}`));
        for (const outcome of outcomes) if (!outcome.ok) work.bad.push(outcome.message);
      }
      return work;
    }),
  );
  return {
    end: async () => {
      await group.everywhere(
        () => void Object.assign(Reflect.get(globalThis, 'work') as object, { isOver: true }),
      );
      for (const { bad, rounds } of await Promise.all(loads)) {
        expect(bad).to.deep.equal([]);
        expect(rounds).to.be.greaterThan(0);
      }
      const sizes = await group.n(1).run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').$all.size());
      expect(new Set(sizes.values()).size, 'equal replicas').to.equal(1);
    },
  };
}

function portOf(member: TestMember): number {
  return Number(member.process.address.split(':')[1]);
}
