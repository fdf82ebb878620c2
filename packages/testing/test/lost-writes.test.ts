/**
 * Goal: once a fabric says that writes of a peer were lost, nothing is received any more, though the counters that vouch for
 * more have landed. A peer that has merely failed is the counterpart: what it wrote before is whole, and is received.
 */
import { InProcessNetwork } from '@bowecho/actors';
import {
  EVENT_PEER_FAILED,
  EVENT_WRITES_LOST,
  Member,
  type ControlPort,
  type Delivery,
  type StateChange,
  type Fabric,
} from '@bowecho/core';
import { everywhere, firstView } from '@bowecho/testing';
import { expect } from 'chai';

const RING_BYTES = 4096;

/** What rank 0 does with a message of rank 1 whose counters land together with that event. */
function receiveWith(event: number | undefined): { delivered: number; ends: string[]; state: string } {
  const network = new InProcessNetwork();
  const view = firstView(2, [everywhere(2)]);
  const delivered: number[] = [];
  const ends: string[] = [];
  let pending = 0;
  let peer = 0;
  const bare = network.createFabric();
  const failing: Partial<Fabric> = {
    connect: (address, key, local) => {
      const made = bare.connect(address, key, local);
      peer = made.index;
      return made;
    },
    drain: events => {
      if (pending === 0) return 0;
      events.set([pending, peer]);
      pending = 0;
      return 1;
    },
  };
  const fabrics = [
    new Proxy(bare, {
      get: (target, name) => {
        const found: unknown = Reflect.get(failing, name) ?? Reflect.get(target, name);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    }),
    network.createFabric(),
  ];
  const members: Member[] = [];
  const control: ControlPort = {
    send: (to, message) => members[view.members.indexOf(to)]!.receiveControl(message) === undefined,
  };
  fabrics.forEach((fabric, myRank) => {
    const ignore = (): void => undefined;
    const application = {
      deliver: ({ ordinal }: Delivery): void => void (myRank === 0 && delivered.push(ordinal)),
      onViewEntered: ignore,
      onViewInstalled: ignore,
      onEnded: ignore,
      onStateChanged: ({ to, reason }: StateChange): void =>
        void (myRank === 0 && to === 'wedged' && ends.push(reason)),
      onMessage: ignore,
      onHalted: (error: unknown): void => {
        throw error;
      },
    };
    members.push(
      new Member({
        view,
        myRank,
        ringBytes: RING_BYTES,
        queueBytes: RING_BYTES,
        suspicionMicros: Infinity,
        ports: { fabric, control, application },
      }),
    );
  });
  for (const member of members) member.start();
  let now = 1;
  const [mine, theirs] = members as [Member, Member];
  while (mine.doWork(now++) + theirs.doWork(now++) > 0);
  theirs.send(0, new Uint8Array([1]));
  theirs.doWork(now++);
  pending = event ?? 0;
  for (let turn = 0; turn < 5; turn++) mine.doWork(now++);
  return { delivered: delivered.length, ends, state: mine.state };
}

describe('writes that were lost', () => {
  it('end the view before anything more is received', () => {
    const { delivered, ends, state } = receiveWith(EVENT_WRITES_LOST);
    expect(delivered).to.equal(0);
    expect(state).to.equal('wedged');
    expect(ends).to.have.length(1);
    expect(ends[0]).to.match(/ is lost: the connection broke, and writes were lost$/);
  });

  it('are not those of a peer that has merely failed, nor of one that is well', () => {
    expect(receiveWith(EVENT_PEER_FAILED)).to.include({ delivered: 1, state: 'wedged' });
    expect(receiveWith(undefined)).to.include({ delivered: 1, state: 'running' });
  });
});
