/** A halted member takes no turn any more, so what still arrives for it must not pile up. */
import { expect } from 'chai';
import { Member, type Engine, type Fabric, type View } from '@bowecho/core';

const IDLE: Fabric = {
  address: new Uint8Array(),
  register: bytes => ({ memory: new ArrayBuffer(bytes), key: new Uint8Array(), close: () => undefined }),
  connect: () => expect.fail('nobody sent keys'),
  disconnect: () => undefined,
  push: (_, count) => count,
  poll: () => 0,
  drain: () => 0,
  arm: () => true,
  yieldProcessor: () => undefined,
  close: onClosed => onClosed(),
};

describe('a halted member', () => {
  it('keeps no control message', () => {
    const members = ['n0', 'n1'].map(id => ({ id, incarnation: 1 }));
    const shards = [{ replicas: [0, 1], senders: [0, 1] }];
    const view: View = { vid: 0, members, subgroups: [{ name: 'log', mode: 'ordered', shards }] };
    const ignore = (): void => undefined;
    const member = new Member({
      view,
      myRank: 0,
      ringBytes: 512,
      queueBytes: 512,
      ports: {
        fabric: IDLE,
        control: { send: ignore },
        application: {
          deliver: ignore,
          onViewInstalled: ignore,
          onViewEnded: ignore,
          onStateChanged: ignore,
          onMessage: ignore,
          onHalted: ignore,
        },
      },
    });
    const message = { kind: 'application', vid: 0, bytes: new Uint8Array(1) } as const;
    member.receiveControl({ ...message, from: { id: 'stranger', incarnation: 1 } });
    member.doWork(0);
    expect(member.state).to.equal('halted');
    const { manager } = member['engine'] as Engine;
    const held = manager['arrived'] as readonly unknown[];
    const before = held.length;
    for (let i = 0; i < 5; i++) member.receiveControl({ ...message, from: members[1]! });
    expect(held.length).to.equal(before);
  });
});
