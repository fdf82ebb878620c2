/**
 * What arrives over the control channel came from a network: a message that makes no sense is refused in words and harms
 * nobody, and a member that halted keeps none. A process that is gone ends the view.
 */
import { expect } from 'chai';
import {
  EVENT_PEER_FAILED,
  Member,
  Table,
  memberColumns,
  memberTableLayout,
  type Application,
  type ControlMessage,
  type Fabric,
  type KeysMessage,
  type View,
} from '@bowecho/core';

const members = ['n0', 'n1'].map(id => ({ id, incarnation: 1 }));
const shards = [{ replicas: [0, 1], senders: [0, 1] }];
const view: View = { vid: 0, members, subgroups: [{ name: 'log', mode: 'ordered', shards }] };
const NO_BYTES = new Uint8Array();

const keys: KeysMessage = {
  kind: 'keys',
  vid: 0,
  from: members[1]!,
  address: NO_BYTES,
  memberTable: NO_BYTES,
  shardTables: [NO_BYTES],
};
const greeting: ControlMessage = { kind: 'application', vid: 0, from: members[1]!, bytes: NO_BYTES };

function memberOn(fabric: Partial<Fabric> = {}, application: Partial<Application> = {}): Member {
  const ignore = (): void => undefined;
  let peers = 0;
  return new Member({
    view,
    myRank: 0,
    ringBytes: 512,
    queueBytes: 512,
    ports: {
      fabric: {
        address: NO_BYTES,
        register: bytes => ({ memory: new ArrayBuffer(bytes), key: NO_BYTES, close: ignore }),
        connect: () => ({ index: peers++ }),
        disconnect: ignore,
        push: (_, count) => count,
        poll: () => 0,
        drain: () => 0,
        arm: () => true,
        yieldProcessor: ignore,
        close: onClosed => onClosed(),
        ...fabric,
      },
      control: { send: () => true },
      application: {
        deliver: ignore,
        onViewInstalled: ignore,
        onViewEnded: ignore,
        onStateChanged: ignore,
        onMessage: ignore,
        onHalted: ignore,
        ...application,
      },
    },
  });
}

describe('control messages', () => {
  const refused: readonly (readonly [string, ControlMessage, RegExp])[] = [
    ['a stranger', { ...greeting, from: { id: 'n9', incarnation: 1 } }, /n9 .* no other member of view 0/],
    ['an earlier life of a member', { ...greeting, from: { id: 'n1', incarnation: 2 } }, /incarnation 2/],
    ['myself', { ...greeting, from: members[0]! }, /n0 .* no other member/],
    ['another view', { ...greeting, vid: 7 }, /of view 7, and this is 0/],
    ['keys that lack a table', { ...keys, shardTables: [undefined] }, /do not fit replica set 0/],
    ['keys of no table', { ...keys, shardTables: [] }, /do not fit replica set 0/],
  ];
  for (const [who, message, words] of refused) {
    it(`refuses ${who}`, () => {
      const member = memberOn();
      expect(member.receiveControl(message)).to.match(words);
      member.doWork(0);
      expect(member.state).to.equal('connecting');
    });
  }

  it('refuses keys that it has', () => {
    const member = memberOn();
    expect(member.receiveControl(keys)).to.equal(undefined);
    expect(member.receiveControl(keys)).to.match(/keys of n1 are known/);
    for (let now = 0; now < 2; now++) member.doWork(now);
    expect(member.state).to.equal('installing');
  });

  it('hands on what an application says once the view runs here, and not before', () => {
    const heard: string[] = [];
    const regions: ArrayBuffer[] = [];
    const member: Member = memberOn(
      {
        register: bytes => {
          const memory = new ArrayBuffer(bytes);
          regions.push(memory);
          return { memory, key: NO_BYTES, close: () => undefined };
        },
      },
      { onMessage: () => heard.push(member.state) },
    );
    member.receiveControl(greeting);
    member.doWork(0);
    member.receiveControl(keys);
    for (let now = 1; now < 4; now++) member.doWork(now);
    expect([member.state, ...heard]).to.deep.equal(['installing']);
    const theirs = new Table(memberTableLayout(view), regions[0]!, 1);
    theirs.raise(memberColumns(view.members.length).installed, 1);
    theirs.sealCounters();
    for (let now = 4; now < 6; now++) member.doWork(now);
    expect([member.state, ...heard]).to.deep.equal(['running', 'running']);
  });

  it('keeps none once it has halted', () => {
    const member = memberOn({ connect: () => expect.fail('a fabric that throws') });
    member.receiveControl(keys);
    member.doWork(0);
    expect(member.state).to.equal('halted');
    expect(member.receiveControl(greeting)).to.match(/has halted/);
  });
});

describe('a peer that failed', () => {
  it('ends the view of whoever is connected to it, once, and says who it was', () => {
    const ends: string[] = [];
    let failures = 2; // the member table and the shard table: two ways to one process
    const drain = (events: Int32Array): number => {
      const count = failures;
      for (let i = 0; i < count; i++) events.set([EVENT_PEER_FAILED, i], i * 2);
      failures = 0;
      return count;
    };
    let isConnected = false;
    const member = memberOn(
      { drain: events => (isConnected ? drain(events) : 0) },
      { onViewEnded: reason => ends.push(reason) },
    );
    member.receiveControl(keys);
    member.doWork(0);
    isConnected = true;
    for (let now = 1; now < 4; now++) member.doWork(now);
    expect(ends).to.deep.equal(['n1 is lost: its process is gone, or cannot be reached']);
    expect(member.state).to.equal('wedged');
  });
});
