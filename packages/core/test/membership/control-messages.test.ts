/**
 * What arrives over the control channel came from a network: a message that makes no sense is refused in words and harms
 * nobody, and a member that halted keeps none. A process that is gone ends the view, and where too few are left, the member.
 */
import { expect } from 'chai';
import {
  EVENT_PEER_FAILED,
  Member,
  Table,
  foundingView,
  memberColumns,
  memberTableLayout,
  type Application,
  type ApplicationMessage,
  type ControlMessage,
  type DecidedMessage,
  type Fabric,
  type KeysMessage,
  type MembershipEnd,
  type View,
  type ViewRecord,
} from '@bowecho/core';
import { expectCutOff } from './small-world.js';

const NO_BYTES = new Uint8Array();
const SUSPICION = 1_000_000;

/** A view of so many members, with one set that all of them replicate. */
function viewOf(size: number): View {
  const members = Array.from({ length: size }, (_, rank) => ({ id: `n${rank}`, incarnation: 1 }));
  const ranks = members.map((_, rank) => rank);
  return foundingView(members, [
    { name: 'log', mode: 'ordered', shards: [{ replicas: ranks, senders: ranks }] },
  ]);
}

const view = viewOf(2);
const { members } = view;

/** What n1 of any group says, or another of its members. */
function keysFrom(rank: number, of: View = view): KeysMessage {
  const from = of.members[rank]!;
  return {
    kind: 'keys',
    vid: 0,
    from,
    address: NO_BYTES,
    memberTable: NO_BYTES,
    shardTables: [NO_BYTES],
  };
}

const keys = keysFrom(1);
const greeting: ApplicationMessage = { kind: 'application', vid: 0, from: members[1]!, bytes: NO_BYTES };
/** n1 goes on alone; of my messages it delivers two more. */
const WITHOUT_ME: ViewRecord = {
  ballot: 2,
  fates: ['lost', 'stays'],
  trims: [[2, 0]],
  layout: [[0]],
  joiners: [],
};
const farewell: DecidedMessage = { kind: 'decided', vid: 0, from: members[1]!, record: WITHOUT_ME };

/** n0, over a fabric that carries nothing but what a test puts into its memory. */
function memberOn(
  fabric: Partial<Fabric> = {},
  application: Partial<Application> = {},
  of: View = view,
): Member {
  const ignore = (): void => undefined;
  let peers = 0;
  return new Member({
    view: of,
    myRank: 0,
    ringBytes: 512,
    queueBytes: 512,
    suspicionMicros: SUSPICION,
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
        onViewEntered: ignore,
        onViewInstalled: ignore,
        onEnded: ignore,
        onStateChanged: ignore,
        onMessage: ignore,
        onHalted: error => expect.fail(String(error)),
        ...application,
      },
    },
  });
}

/** The same with the memory of its tables at hand, the member table first, and a way to let n1 say that it is connected to all. */
function memberWithMemory(application: Partial<Application> = {}): { member: Member; installN1: () => void } {
  const regions: ArrayBuffer[] = [];
  const register = (bytes: number): ReturnType<Fabric['register']> => {
    const memory = new ArrayBuffer(bytes);
    regions.push(memory);
    return { memory, key: NO_BYTES, close: () => undefined };
  };
  const member = memberOn({ register }, application);
  const installN1 = (): void => {
    const theirs = new Table(memberTableLayout(view), regions[0]!, 1);
    theirs.raise(memberColumns(members.length).installed, 1);
    theirs.sealCounters();
  };
  return { member, installN1 };
}

function turns(member: Member, from: number, count: number): void {
  for (let now = from; now < from + count; now++) member.doWork(now);
}

describe('control messages', () => {
  const refused: readonly (readonly [string, ControlMessage, RegExp])[] = [
    ['a stranger', { ...greeting, from: { id: 'n9', incarnation: 1 } }, /n9 .* no other member of view 0/],
    ['an earlier life of a member', { ...greeting, from: { id: 'n1', incarnation: 2 } }, /incarnation 2/],
    ['myself', { ...greeting, from: members[0]! }, /n0 .* no other member/],
    ['a view after the next', { ...greeting, vid: 2 }, /of view 2, and this is 0/],
    ['keys of a view after the next', { ...keys, vid: 2 }, /of view 2, and this is 0/],
    ['keys that lack a table', { ...keys, shardTables: [undefined] }, /do not fit replica set 0/],
    ['keys of no table', { ...keys, shardTables: [] }, /do not fit replica set 0/],
    [
      'a stranger that says what is decided',
      { ...farewell, from: { id: 'n9', incarnation: 1 } },
      /n9 .* no other member of view 0/,
    ],
    ['what is decided in another view', { ...farewell, vid: 1 }, /of view 1, and this is 0/],
    [
      'what is decided, where this member stays',
      { ...farewell, record: { ...WITHOUT_ME, fates: ['stays', 'lost'] } },
      /n1 says what is decided, and this member goes on by it/,
    ],
    ...[[], [[]], [[0, 0], [0]]].map(trims => {
      const record = { ...WITHOUT_ME, trims };
      return [`trims of ${JSON.stringify(trims)}`, { ...farewell, record }, /does not fit view 0/] as const;
    }),
    [
      'a record of another number of members',
      { ...farewell, record: { ...WITHOUT_ME, fates: ['lost'] } },
      /n1 says what is decided, and it does not fit view 0/,
    ],
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

  it('keeps keys of the next view, and takes them for no keys of this one', () => {
    const member = memberOn();
    expect(member.receiveControl({ ...keys, vid: 1 })).to.equal(undefined);
    turns(member, 0, 3);
    expect([member.state, member.waitingFor()]).to.deep.equal(['connecting', ['the keys of n1']]);
    expect(member.receiveControl(keys)).to.equal(undefined);
    turns(member, 3, 2);
    expect(member.state).to.equal('installing');
  });

  it('hands on what an application says once the view runs here that it was said in, and not before', () => {
    const heard: string[] = [];
    const { member, installN1 } = memberWithMemory({
      onMessage: (from, bytes) => heard.push(`${from.id} says ${bytes[0]} when ${member.state}`),
    });
    expect(member.receiveControl({ ...greeting, bytes: Uint8Array.of(1) })).to.equal(undefined);
    expect(member.receiveControl({ ...greeting, vid: 1, bytes: Uint8Array.of(9) })).to.equal(undefined);
    expect(member.receiveControl({ ...greeting, bytes: Uint8Array.of(2) })).to.equal(undefined);
    member.doWork(0);
    member.receiveControl(keys);
    turns(member, 1, 3);
    expect([member.state, ...heard]).to.deep.equal(['installing']);
    installN1();
    turns(member, 4, 3);
    expect([member.state, ...heard]).to.deep.equal([
      'running',
      'n1 says 1 when running',
      'n1 says 2 when running',
    ]);
  });

  it('keeps none once it has halted', () => {
    const errors: unknown[] = [];
    const member = memberOn(
      { connect: () => expect.fail('a fabric that throws') },
      { onHalted: error => errors.push(error) },
    );
    member.receiveControl(keys);
    member.doWork(0);
    expect(member.state).to.equal('halted');
    expect(errors.map(String)).to.deep.equal(['AssertionError: a fabric that throws']);
    expect(member.receiveControl(greeting)).to.match(/has halted/);
  });
});

describe('a member that hears that the group goes on without it', () => {
  it('halts, and says how many of its messages the others deliver', () => {
    const ends: MembershipEnd[] = [];
    const { member, installN1 } = memberWithMemory({ onEnded: end => ends.push(end) });
    member.receiveControl(keys);
    member.doWork(0);
    installN1();
    turns(member, 1, 3);
    expect(member.state).to.equal('running');
    for (let i = 0; i < 3; i++) member.send(0, Uint8Array.of(i));
    turns(member, 4, 2);
    expect(member.receiveControl(farewell)).to.equal(undefined);
    turns(member, 6, 3);
    const reason = 'the group goes on without this member after view 0: n0 is lost, n1 goes on';
    expect(ends).to.deep.equal([{ reason, isLeave: false, executedElsewhere: [2] }]);
    expect([member.state, member.waitingFor(), member.nextDeadline]).to.deep.equal(['halted', [], Infinity]);
    expect(() => member.send(0, NO_BYTES)).to.throw('this member has halted');
    expect(member.receiveControl(farewell)).to.match(/has halted/);
  });

  it('halts while it connects, too', () => {
    const ends: MembershipEnd[] = [];
    const member = memberOn({}, { onEnded: end => ends.push(end) });
    member.receiveControl({ ...farewell, record: { ...WITHOUT_ME, trims: [[0, 0]] } });
    turns(member, 0, 2);
    expect(member.state).to.equal('halted');
    expect(ends.map(end => end.executedElsewhere)).to.deep.equal([[0]]);
  });

  it('is told nothing more', () => {
    const heard: string[] = [];
    const member = memberOn(
      {},
      { onEnded: () => heard.push('ended'), onMessage: () => heard.push('a message') },
    );
    member.receiveControl(greeting);
    member.receiveControl(farewell);
    turns(member, 0, 3);
    expect(heard).to.deep.equal(['ended']);
  });
});

describe('a peer that failed', () => {
  /** n0 of a group, connected to all; `fail` reports that all ways to a member are broken. */
  function connected(of: View): {
    member: Member;
    ends: MembershipEnd[];
    reasons: string[];
    fail: (rank: number) => void;
  } {
    const ends: MembershipEnd[] = [];
    const reasons: string[] = [];
    const failed: number[] = [];
    const member = memberOn(
      {
        drain: events => {
          failed.forEach((peer, i) => events.set([EVENT_PEER_FAILED, peer], i * 2));
          return failed.splice(0).length;
        },
      },
      {
        onEnded: end => ends.push(end),
        onStateChanged: ({ to, reason }) => reasons.push(`${to}: ${reason}`),
      },
      of,
    );
    for (let rank = 1; rank < of.members.length; rank++) member.receiveControl(keysFrom(rank, of));
    turns(member, 0, 2);
    // By rank, the member table and the shard table: two ways to one process.
    const fail = (rank: number): void => void failed.push(2 * rank - 2, 2 * rank - 1);
    return { member, ends, reasons, fail };
  }

  it('ends the view of whoever is connected to it, once, and says who it was', () => {
    const { member, reasons, fail } = connected(viewOf(3));
    fail(2);
    turns(member, 2, 4);
    expect(reasons.slice(1)).to.deep.equal(['wedged: n2 is lost: its process is gone, or cannot be reached']);
    expect([member.state, member.waitingFor()]).to.deep.equal(['wedged', ['the last word of n1 in view 0']]);
  });

  it('leaves half of the members waiting, and after the time of a suspicion they halt', () => {
    const { member, ends, fail } = connected(view);
    fail(1);
    turns(member, 2, 4);
    expect([member.state, member.waitingFor()]).to.deep.equal([
      'wedged',
      ['more than half of view 0; it cannot count on n1'],
    ]);
    member.doWork(SUSPICION + 1);
    expect([member.state, ...ends]).to.deep.equal(['wedged']);
    expect(member.nextDeadline).to.be.within(SUSPICION + 2, SUSPICION + 6);
    turns(member, SUSPICION + 6, 2);
    expectCutOff(ends, /^only 1 of the 2 members of view 0 .* more than half must agree; n\d is lost: /);
    expect([member.state, member.waitingFor(), member.nextDeadline]).to.deep.equal(['halted', [], Infinity]);
  });

  it('does not halt those who are more than half', () => {
    const { member, ends, fail } = connected(viewOf(5));
    fail(1);
    fail(4);
    for (let now = 2; now < 4 * SUSPICION; now += SUSPICION / 8) member.doWork(now);
    expect([member.state, ...ends]).to.deep.equal(['wedged']);
    expect(member.waitingFor()).to.deep.equal([
      'the last word of n2 in view 0',
      'the last word of n3 in view 0',
    ]);
  });
});
