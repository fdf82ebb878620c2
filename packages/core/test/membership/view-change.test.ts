/**
 * Goal: members that lose one, or let one go, are soon in the next view with the same deliveries, and whoever is not in it is told how it
 * stands. Method: stories of a few members in a small world.
 */
import { expect } from 'chai';
import { BowechoError, type PlacedSubgroup } from '@bowecho/core';
import {
  CHANGE,
  SUSPICION,
  World,
  describeView,
  expectCutOff,
  expectOneGroup,
  type Node,
} from './small-world.js';

/** A shard that n0 alone replicates. */
const ALONE: PlacedSubgroup = {
  name: 'alone',
  mode: 'ordered',
  shards: [{ replicas: [0], senders: [0] }],
};

/** A shard of two members. */
const PAIR: PlacedSubgroup = {
  name: 'pair',
  mode: 'ordered',
  shards: [{ replicas: [0, 3], senders: [0, 3] }],
};

describe('a view change', () => {
  it('takes a lost member out of the view in five steps, and loses nothing of those who go on', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    for (const node of world.nodes) node.send('before');
    world.settle();
    // n1 does not hear n0, so of what is sent now only a part is held by all who go on.
    world.hold(n0, n1);
    for (let i = 0; i < 3; i++) for (const node of world.nodes) node.send(`late ${i}`);
    for (let i = 0; i < 4; i++) world.round();
    world.kill(n2);
    world.release();
    for (const node of [n0, n1]) node.send('during');
    world.settle();
    expectOneGroup([n0, n1], 1);
    for (const node of [n0, n1]) {
      expect(node.states).to.deep.equal(CHANGE);
      const from = (sender: Node): readonly string[] =>
        node.delivered.filter(text => text.startsWith(sender.id));
      for (const sender of [n0, n1]) {
        const texts = ['before', 'late 0', 'late 1', 'late 2', 'during'].map(text => `${sender.id} ${text}`);
        expect(from(sender), 'once and in order').to.deep.equal(texts);
      }
      expect(node.changes[0]!.reason).to.equal('n2 is lost: its process is gone, or cannot be reached');
      expect(node.changes[1]!.reason).to.equal('n2 is lost, n0, n1 go on');
    }
    const places = n0.heard.map(text => text.startsWith('enters'));
    expect(places.indexOf(true), 'some was left over').to.be.below(places.length - 4);
    world.close();
  });

  it('names the lost one also where another member noticed it first', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n2.isAlive = false;
    n1.notices(n2);
    world.settle();
    expectOneGroup([n0, n1], 1);
    expect(n0.changes.find(({ to }) => to === 'wedged')?.reason).to.equal('n2 is lost, as n1 noticed');
    world.close();
  });

  for (const mode of ['ordered', 'unordered'] as const) {
    it(`delivers what was sent in the old view in the new one, once, ${mode}`, () => {
      const world = new World(3, mode);
      const [n0, n1, n2] = world.nodes as [Node, Node, Node];
      // n1 hears n0, and n2 does not: it goes on, so nothing of that can be in the old view.
      world.hold(n0, n2);
      for (let i = 0; i < 40; i++) n0.send(`${i} ${'x'.repeat(30)}`); // beyond the ring
      for (let i = 0; i < 3; i++) world.round();
      world.kill(n1);
      world.release();
      world.settle(120);
      const all = Array.from({ length: 40 }, (_, i) => `n0 ${i} ${'x'.repeat(30)}`);
      expect(n2.delivered).to.deep.equal(all);
      expect(n0.delivered).to.deep.equal(all);
      expect(n2.heard.findIndex(text => text.startsWith('enters 1: n0,n2'))).to.equal(0);
      expect(n0.member.unpublishedCount(0)).to.equal(0);
      world.close();
    });
  }

  it('goes on with tickets, and takes back what waits', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.hold(n0, n1);
    const tickets = Array.from({ length: 40 }, (_, i) => n0.send(`${i} ${'x'.repeat(30)}`));
    expect(tickets).to.deep.equal(tickets.map((_, i) => i));
    world.round();
    world.kill(n2);
    world.release();
    while (n0.member.view.vid === 0) world.round();
    expect(n0.member.unpublishedCount(0)).to.equal(40);
    expect(n0.member.withdraw(0, 0), 'it was published').to.equal(false);
    expect(n0.member.withdraw(0, 38)).to.equal(true);
    expect(n0.member.withdraw(0, 38)).to.equal(false);
    expect(n0.send('after')).to.equal(40);
    world.settle(120);
    expectOneGroup([n0, n1], 1);
    expect(n1.delivered.map(text => text.split(' ')[1])).to.deep.equal([
      ...tickets.filter(ticket => ticket !== 38).map(String),
      'after',
    ]);
    world.close();
  });

  it('tells applications in the view in which it was said, or later, and from whom', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    const say = (from: Node, to: Node, text: string): boolean =>
      from.member.sendMessage(
        to.identity,
        Uint8Array.from(text, character => character.charCodeAt(0)),
      );
    world.kill(n2);
    // n0 comes first to the next view, as n1 has not noticed.
    world.hold(n0, n1);
    expect(say(n0, n1, 'old')).to.equal(true);
    while (n0.member.state === 'running') world.round();
    world.release();
    while (n0.member.view.vid === 0) world.round();
    say(n0, n1, 'new');
    expect(say(n0, n2, 'anything')).to.equal(false);
    world.settle();
    expectOneGroup([n0, n1], 1);
    expect(n1.heard.filter(text => text.includes('says'))).to.deep.equal([
      'n0 says old in view 0',
      'n0 says new in view 1',
    ]);
    expect(n1.heard.indexOf('n0 says new in view 1')).to.be.above(n1.heard.indexOf('runs 1: n0,n1'));
    world.close();
  });

  it('survives two losses in one view of five', () => {
    const world = new World(5);
    for (const node of world.nodes) for (let i = 0; i < 3; i++) node.send(`${i}`);
    for (let i = 0; i < 2; i++) world.round();
    const [n0, n1, n2, n3, n4] = world.nodes as [Node, Node, Node, Node, Node];
    for (const node of [n0, n3]) world.kill(node);
    for (let i = 0; i < 2; i++) for (const node of world.alive) node.send(`more ${i}`);
    world.settle();
    const staying = [n1, n2, n4];
    expectOneGroup(staying, 1);
    for (const node of staying)
      expect(n1.delivered.filter(text => text.startsWith(node.id))).to.have.lengthOf(5);
    world.close();
  });

  it('survives losses one after the other, whenever the next one comes', () => {
    // The second one is lost so many rounds after the first: in each step of the view change.
    for (let rounds = 0; rounds < 14; rounds++) {
      const world = new World(5);
      const [n0, n1, n2, n3, n4] = world.nodes as [Node, Node, Node, Node, Node];
      for (const node of world.nodes) node.send('before');
      world.kill(n4);
      for (let i = 0; i < rounds; i++) world.round();
      for (const node of [n0, n1, n2, n3]) node.send('during');
      world.round();
      world.kill(n0);
      world.runFor(SUSPICION / 2); // no silence is needed to notice either
      const staying = [n1, n2, n3];
      expectOneGroup(staying, staying[0]!.member.view.vid);
      expect(n1.member.view.vid, `${rounds} rounds`).to.be.within(1, 2);
      for (const node of staying)
        expect(n1.delivered.filter(text => text.startsWith(node.id))).to.deep.equal([
          `${node.id} before`,
          `${node.id} during`,
        ]);
      world.close();
    }
  });

  it('costs nobody else, however long keys take: who connects beats in the old view', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.runFor(SUSPICION);
    n0.send('before');
    world.isMailHeld = true;
    world.kill(n2);
    world.runFor(3 * SUSPICION);
    for (const { member } of [n0, n1]) {
      expect([describeView(member.view), member.state]).to.deep.equal(['1: n0,n1', 'connecting']);
      expect(member.waitingFor()).to.deep.equal([`the keys of ${member === n0.member ? 'n1' : 'n0'}`]);
    }
    n1.send('during');
    world.isMailHeld = false;
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    expect(n0.delivered).to.deep.equal(['n0 before', 'n1 during']);
    world.close();
  });

  it('takes who gives no keys, though it beats, for lost in the end', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.runFor(SUSPICION);
    world.kill(n2);
    world.isMailHeld = true;
    world.runFor(7 * SUSPICION);
    for (const { member, ends } of [n0, n1]) {
      expect(member.state, 'one of two is no majority').to.equal('halted');
      expect(ends).to.have.lengthOf(1);
    }
    expect(n0.changes.map(({ reason }) => reason)).to.include(
      'n1 is lost: the keys of its memory did not come',
    );
    world.close();
  });

  it('comes from silence alone, where nothing reports a loss', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.runFor(SUSPICION);
    n1.isAlive = false;
    world.runFor(SUSPICION / 2);
    expect([n0.member.view.vid, n2.member.view.vid]).to.deep.equal([0, 0]);
    world.runFor(2 * SUSPICION);
    expectOneGroup([n0, n2], 1);
    expect(n0.changes.map(({ reason }) => reason)).to.include(
      `n1 is lost: nothing was heard of it for ${SUSPICION / 1000} ms`,
    );
    world.close();
  });

  it('costs the younger end of one cut link, and nobody else', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.hold(n1, n2);
    world.hold(n2, n1);
    for (const node of world.nodes) node.send('late');
    n1.member.memberLost(n2.identity, 'nothing comes from it');
    n2.member.memberLost(n1.identity, 'nothing comes from it');
    world.runFor(SUSPICION);
    expectOneGroup([n0, n1], 1);
    expect(n0.delivered.filter(text => !text.startsWith('n2')).sort()).to.deep.equal(['n0 late', 'n1 late']);
    expect([n2.member.state, n2.ends.length]).to.deep.equal(['halted', 1]);
    world.close();
  });

  it('reads nothing more of whom it suspects, also where the view ends later', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.takes = branch => branch === 'ends its view late';
    n0.member.memberLost(n2.identity, 'its connection broke');
    world.round();
    expect(n0.member.state).to.equal('running');
    n2.send('from beyond a gap, for all that n0 can know');
    for (let i = 0; i < 3; i++) world.round();
    expect(n1.member.receivedMark(0)).to.deep.equal(Float64Array.of(0, 0, 1));
    expect(n0.member.receivedMark(0)).to.equal(undefined);
    world.takes = () => false;
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    world.close();
  });

  it('brings a suspicion to whom it is about, also where both are in a former view still', () => {
    const world = new World(6, 'ordered', [PAIR]);
    const [n0, n1, n2, n3, n4, n5] = world.nodes as [Node, Node, Node, Node, Node, Node];
    world.runFor(SUSPICION);
    world.kill(n5);
    while (n0.member.view.vid === 0) world.round();
    for (const other of [n1, n2, n3, n4]) world.hold(n0, other); // so that the view is not installed, and the former one stays
    world.settle();
    expect([n1, n2, n3, n4].map(({ member }) => member.state)).to.deep.equal(new Array(4).fill('installing'));
    n2.member.memberLost(n3.identity, 'writes of it were lost');
    world.kill(n0, 0);
    world.runFor(3 * SUSPICION);
    // n2 is older than n3; but n3 holds the last replica of a shard, so that nobody else would get on.
    expectOneGroup([n1, n3, n4], 2);
    expect(n2.member.state).to.equal('halted');
    world.close();
  });

  // ViewManager.keysDueAt stays in `soonest()` though the keys have come.
  it('leaves members that rest, and that beat: time alone ends no view', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.kill(n2);
    world.runFor(20 * SUSPICION);
    expectOneGroup([n0, n1], 1);
    world.close();
  });
});

describe('a member that leaves', () => {
  it('goes when all that it sent is delivered, and the others go on without it', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    for (let i = 0; i < 5; i++) for (const node of world.nodes) node.send(`${i}`);
    n1.member.leave('maintenance');
    expect(() => n1.send('late'))
      .to.throw(BowechoError, 'is leaving')
      .with.property('code', 'CLOSED');
    world.runFor(10_000);
    expectOneGroup([n0, n2], 1);
    expect(n1.states).to.deep.equal(['leaving', 'wedged', 'trimming', 'left']);
    expect(n1.ends).to.deep.equal([{ reason: 'maintenance', isLeave: true, executedElsewhere: [0] }]);
    expect(n1.delivered).to.deep.equal(n0.delivered.slice(0, n1.delivered.length));
    expect(n0.delivered.filter(text => text.startsWith('n1'))).to.have.lengthOf(5);
    expect(n0.changes.find(({ to }) => to === 'wedged')?.reason).to.equal('n1 leaves');
    expect(n1.member.nextDeadline).to.equal(Infinity);
    world.kill(n1); // its process ends now, and that is no loss any more
    world.runFor(SUSPICION);
    expectOneGroup([n0, n2], 1);
    world.close();
  });

  it('leaves a group of one, of which the last may go as well', () => {
    const world = new World(2);
    const [n0, n1] = world.nodes as [Node, Node];
    n0.send('a');
    n1.send('b');
    n0.member.leave('first');
    world.runFor(10_000);
    expectOneGroup([n1], 1);
    n1.send('alone');
    world.settle();
    expect(n1.delivered.slice(-1)).to.deep.equal(['n1 alone']);
    n1.member.leave('last');
    world.runFor(10_000);
    expect(n1.ends).to.deep.equal([{ reason: 'last', isLeave: true, executedElsewhere: [0] }]);
    expect(n1.member.state).to.equal('left');
    world.close();
  });

  it('may be all of them at once', () => {
    const world = new World(3);
    for (const node of world.nodes) {
      node.send('last');
      node.member.leave('the end');
    }
    world.runFor(3 * SUSPICION);
    for (const node of world.nodes) {
      expect([node.member.state, node.ends.map(({ isLeave }) => isLeave)]).to.deep.equal(['left', [true]]);
      expect(node.delivered).to.have.lengthOf(3);
    }
    world.close();
  });

  it('stays while it holds the last replica of a shard, and goes with the others', () => {
    const world = new World(3, 'ordered', [ALONE]);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n0.member.leave('maintenance');
    world.runFor(10_000);
    for (const { member } of world.nodes) expect(member.view.vid).to.equal(0);
    expect([n0.member.state, n0.member.waitingFor()]).to.deep.equal([
      'leaving',
      ['somebody else to hold what it holds (alone shard 0: no replica is left)'],
    ]);
    n1.send('still');
    world.runFor(10_000);
    expect(n2.delivered).to.deep.equal(['n1 still']);
    for (const { member } of [n1, n2]) member.leave('the end');
    world.runFor(10_000);
    for (const { member, ends } of world.nodes)
      expect([member.state, ends.map(({ isLeave }) => isLeave)]).to.deep.equal(['left', [true]]);
    world.close();
  });

  it('does so over a view change, too', () => {
    const world = new World(3, 'ordered', [ALONE]);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n0.member.leave('maintenance');
    world.runFor(10_000);
    world.kill(n2);
    n1.send('still');
    world.settle(300);
    expect([n0, n1].map(({ member }) => member.view.vid)).to.deep.equal([1, 1]);
    expect([n0, n1].map(({ member }) => member.state)).to.deep.equal(['leaving', 'running']);
    expect(n0.delivered).to.deep.equal(['n1 still']);
    world.close();
  });

  it('is told, before it is done, that the group went on without it', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.settle();
    world.hold(n0, n2);
    world.hold(n1, n2);
    n2.send('nobody says that it has come');
    n2.member.leave('maintenance');
    for (let i = 0; i < 3; i++) world.round();
    expect(n2.member.state).to.equal('leaving');
    n0.member.memberLost(n2.identity, 'its control connection broke');
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    const reason = 'the group goes on without this member after view 0: n2 is lost, n0, n1 go on';
    expect(n2.changes.slice(-2).map(({ from, event }) => [from, event])).to.deep.equal([
      ['running', 'LEAVE_REQUESTED'],
      ['leaving', 'LEFT_OUT'],
    ]);
    expect(n2.ends).to.deep.equal([{ reason, isLeave: false, executedElsewhere: [1] }]);
    world.close();
  });

  it('goes in the next view where this one ends before it is done', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.hold(n1, n0);
    for (let i = 0; i < 3; i++) n1.send(`${i}`);
    world.round();
    world.kill(n2);
    n1.member.leave('maintenance');
    world.release();
    world.runFor(10_000);
    expectOneGroup([n0], 2);
    expect(n0.delivered).to.deep.equal(['n1 0', 'n1 1', 'n1 2']);
    expect(n1.ends).to.deep.equal([{ reason: 'maintenance', isLeave: true, executedElsewhere: [0] }]);
    world.close();
  });
});

describe('members that cannot go on', () => {
  it('wait while they are too few, and halt after the time of a suspicion', () => {
    const world = new World(5);
    const [n0, n1, ...others] = world.nodes as [Node, Node, ...Node[]];
    n0.send('before');
    world.settle();
    for (const node of others) world.kill(node);
    n0.send('nobody executes it');
    world.settle();
    for (const { member } of [n0, n1]) {
      expect(member.state).to.equal('wedged');
      expect(member.waitingFor()).to.deep.equal(['more than half of view 0; it cannot count on n2, n3, n4']);
    }
    world.runFor(SUSPICION - 10_000);
    expect([n0.ends, n1.ends]).to.deep.equal([[], []]);
    world.runFor(20_000);
    for (const { member, ends } of [n0, n1]) {
      expect(member.state).to.equal('halted');
      expectCutOff(ends, /^only 2 of the 5 members of view 0 .* more than half must agree; n\d is lost: /);
      expect(member.nextDeadline).to.equal(Infinity);
    }
    expect(() => n0.send('more'))
      .to.throw(BowechoError)
      .with.property('code', 'HALTED');
    world.close();
  });

  it('are told so by those who go on, and how many of their messages those deliver', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n2.send('before');
    world.settle();
    // Two messages of n2 reach both others, a third one reaches n0 alone; and n2 hears nothing of it.
    world.hold(n0, n2);
    world.hold(n1, n2);
    for (const text of ['a', 'b']) n2.send(text);
    world.round();
    world.hold(n2, n1);
    n2.send('c');
    for (let i = 0; i < 3; i++) world.round();
    n2.send('d');
    n0.member.memberLost(n2.identity, 'its control connection broke');
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    expect(n0.delivered).to.deep.equal(['n2 before', 'n2 a', 'n2 b']);
    expect(n2.delivered).to.deep.equal(['n2 before']);
    const reason = 'the group goes on without this member after view 0: n2 is lost, n0, n1 go on';
    expect(n2.ends).to.deep.equal([{ reason, isLeave: false, executedElsewhere: [2] }]);
    expect(n2.heard.slice(-1)).to.deep.equal(['ended']);
    expect(n2.member.state).to.equal('halted');
    world.close();
  });
});

describe('a member that the group went on without', () => {
  it('finds out by the silence where nobody can tell it', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.runFor(SUSPICION);
    world.deaf.add(n2);
    world.hold(n0, n2);
    world.hold(n1, n2);
    n2.send('nobody knows');
    n0.member.memberLost(n2.identity, 'its control connection broke');
    world.runFor(SUSPICION / 2);
    expectOneGroup([n0, n1], 1);
    expect(n2.member.state).to.equal('running');
    world.runFor(3 * SUSPICION);
    expect(n2.member.state).to.equal('halted');
    expectCutOff(n2.ends, /^only 1 of the 3 members of view 0 .* more than half must agree; n\d is lost: /);
    expectOneGroup([n0, n1], 1);
    world.close();
  });
});

describe('what a member waits for', () => {
  it('is said by one that leaves, and by nobody who runs or has left', () => {
    const world = new World(2);
    const [n0, n1] = world.nodes as [Node, Node];
    n0.send('late');
    n0.member.leave('maintenance');
    world.runFor(10_000);
    const saidIn = (node: Node, state: string): readonly string[] => [...(node.waits.get(state) ?? ['?'])];
    expect(saidIn(n0, 'leaving')).to.deep.equal(['everybody to deliver what this member sent']);
    expect(saidIn(n0, 'left')).to.deep.equal([]);
    expect(saidIn(n1, 'running')).to.deep.equal([]);
    world.close();
  });

  it('is said in every step of a view change, with those whom it waits for', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.kill(n2);
    world.hold(n1, n0); // so that n0 waits for each of them
    world.round();
    expect([n0.member.state, n0.member.waitingFor()]).to.deep.equal([
      'wedged',
      ['the last word of n1 in view 0'],
    ]);
    world.release();
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    const said = [n0, n1].flatMap(({ waits }) =>
      [...waits].flatMap(([state, all]) => [...all].map(what => `${state}: ${what}`)),
    );
    expect(said).to.include.members([
      'wedged: the last word of n1 in view 0',
      'wedged: n0, n1 to agree on how view 0 ends',
      'trimming: its own deliveries of view 0',
      'connecting: the keys of n1',
      'installing: n1 to be connected to everybody',
    ]);
    expect(said.filter(text => text.includes('n2'))).to.deep.equal([]);
    world.close();
  });
});
