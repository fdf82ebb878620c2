/**
 * Goal: who is let in is in the next view of all, with the same deliveries from then on; and whatever dies on the way, the
 * others go on. Method: stories of a few members in a small world, where what is learned is copied.
 */
import { expect } from 'chai';
import { MOST_JOINERS, type MemberIdentity, type PlacedSubgroup } from '@bowecho/core';
import { CHANGE, SUSPICION, World, expectOneGroup, type Node } from './small-world.js';

const named = (id: string, incarnation = 2): MemberIdentity => ({ id, incarnation });

describe('a process that joins', () => {
  for (const size of [1, 2, 3, 5]) {
    it(`is in the next view of a group of ${size}, and delivers what the others do`, () => {
      const world = new World(size);
      const founders = [...world.nodes];
      for (const node of founders) node.send('before');
      world.settle();
      const joiner = world.join(named('new'), founders[size - 1]!);
      for (const node of founders) node.send('during');
      world.settle();
      for (const node of [...founders, joiner]) node.send('after');
      world.settle();
      expectOneGroup([...founders, joiner], 1);
      expect(joiner.delivered).to.have.lengthOf(size * 3 + 1);
      for (const node of founders) {
        expect(node.states).to.deep.equal(CHANGE);
        expect(node.changes[0]!.reason).to.match(/^new joins$|^n\d lets others in$/);
        expect(node.changes[1]!.reason).to.match(/ go(es)? on, new joins$/);
      }
      world.close();
    });
  }

  it('replicates what has too few replicas, and sends there as the others do', () => {
    const pair: PlacedSubgroup = {
      name: 'pair',
      mode: 'ordered',
      shards: [
        { replicas: [0, 1], senders: [0] },
        { replicas: [1, 2], senders: [1] },
      ],
    };
    const world = new World(3, 'ordered', [pair]);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.kill(n2);
    world.runFor(10_000);
    const joiner = world.join(named('new'), n1);
    world.runFor(10_000);
    expectOneGroup([n0, n1, joiner], 2);
    const { sets } = joiner.member.view;
    expect(sets.map(({ replicas, senders }) => [replicas, senders])).to.deep.equal([
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
      [[0, 1], [0]],
      [[1, 2], [1]],
    ]);
    world.close();
  });

  it('makes up for what was lost below the minimum: until then the group stands still, and says why', () => {
    const shards = [{ replicas: [0, 2], senders: [0, 2] }];
    const world = new World(3, 'ordered', [{ name: 'pair', mode: 'ordered', shards, minReplicas: 2 }]);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n1.send('before');
    world.kill(n2);
    world.runFor(20 * SUSPICION);
    for (const { member } of [n0, n1]) {
      expect(member.state).to.equal('wedged');
      expect(member.waitingFor()).to.deep.equal([
        'a replica (pair shard 0: 1 of at least 2 replicas is left)',
      ]);
      expect(member.doorkeeper).to.equal(n0.identity);
    }
    expect(n1.member.admit(named('n2'))).to.equal('view 0 lacks replicas, and only n0 lets others in');
    expect(n0.member.admit(named('n1'))).to.equal('view 0 has n1 (incarnation 1) still');
    const again = world.join(named('n2'), n0);
    world.runFor(10_000);
    for (const node of [n0, n1, again]) node.send('after');
    world.settle();
    expectOneGroup([n0, n1, again], 1);
    expect(again.member.view.sets[1]!.replicas).to.deep.equal([0, 2]);
    expect(again.delivered).to.have.lengthOf(4);
    world.close();
  });

  it('comes in by another one where the one that was to let it in dies', () => {
    const shards = [{ replicas: [1, 4], senders: [1, 4] }];
    const world = new World(5, 'ordered', [{ name: 'pair', mode: 'ordered', shards, minReplicas: 2 }]);
    const [n0, n1, n2, n3, n4] = world.nodes as [Node, Node, Node, Node, Node];
    world.kill(n4);
    world.runFor(10_000);
    expect(n0.member.admit(named('lost'))).to.equal(undefined);
    n0.turn(world.now);
    world.kill(n0, 0);
    world.runFor(10_000);
    expect(n2.member.doorkeeper).to.equal(n1.identity);
    const joiner = world.join(named('new'), n1);
    world.runFor(100_000); // n1 gives n0 its time, as it would in any view change
    expectOneGroup([n1, n2, n3, joiner], 1);
    world.close();
  });

  it('is waited for by who would leave a shard with too few replicas', () => {
    const shards = [{ replicas: [0, 1], senders: [0, 1] }];
    const pair: PlacedSubgroup = { name: 'pair', mode: 'ordered', shards, minReplicas: 2, maxReplicas: 3 };
    const world = new World(3, 'ordered', [pair]);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    n1.member.leave('maintenance');
    world.runFor(10_000);
    expect(n1.member.waitingFor()).to.deep.equal([
      'somebody else to hold what it holds (pair shard 0: 1 of at least 2 replicas is left)',
    ]);
    const joiner = world.join(named('new'), n0);
    world.runFor(10_000);
    expect(n1.member.state).to.equal('left');
    expectOneGroup([n0, n2, joiner], n0.member.view.vid);
    world.close();
  });

  it('comes in by one that is to go by now, and waits for just it', () => {
    const shards = [{ replicas: [0, 1], senders: [0, 1] }];
    const pair: PlacedSubgroup = { name: 'pair', mode: 'ordered', shards, minReplicas: 2, maxReplicas: 3 };
    const world = new World(2, 'ordered', [pair]);
    const [n0, n1] = world.nodes as [Node, Node];
    const joiner = world.join(named('new'), n1);
    n1.member.leave('maintenance'); // in the same turn
    world.runFor(10_000);
    expect(n1.member.state).to.equal('left');
    expectOneGroup([n0, joiner], 2);
    world.close();
  });

  it('hears in an unordered set, once, what those before it handed up early', () => {
    const world = new World(3, 'unordered');
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    world.hold(n0, n2);
    n0.send('early');
    for (let i = 0; i < 4; i++) world.round();
    expect([n0.delivered, n1.delivered, n2.delivered]).to.deep.equal([['n0 early'], ['n0 early'], []]);
    world.release();
    const joiner = world.join(named('n9'), n1);
    n1.member.memberLost(n2.identity, 'it burns');
    world.kill(n2, 0);
    world.runFor(10_000);
    for (const node of [n0, n1, joiner]) node.send('late');
    world.settle();
    for (const node of [n0, n1, joiner]) {
      expect(node.member.state).to.equal('running');
      expect([...node.delivered].sort()).to.deep.equal(['n0 early', 'n0 late', 'n1 late', 'n9 late']);
    }
    world.close();
  });

  it('takes the place of one that was lost, under the same name', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    expect(n0.member.admit(named('n2'))).to.equal('view 0 has n2 (incarnation 1) still');
    world.kill(n2);
    world.runFor(10_000);
    const again = world.join(named('n2'), n1);
    world.runFor(10_000);
    again.send('I am back');
    world.settle();
    expectOneGroup([n0, n1, again], 2);
    expect(again.delivered).to.deep.equal(['n2 I am back']);
    world.close();
  });

  it('is as good as any other member: those who were before it may go', () => {
    const world = new World(2);
    const [n0, n1] = world.nodes as [Node, Node];
    const joiner = world.join(named('new'), n1);
    n0.send('before');
    world.settle();
    world.kill(n0);
    world.runFor(10_000);
    n1.member.leave('maintenance');
    world.runFor(10_000);
    joiner.send('alone');
    world.settle();
    expectOneGroup([joiner], 3);
    expect(joiner.delivered).to.deep.equal(['n0 before', 'new alone']);
    world.close();
  });

  it('comes with others in one view, as many as may be lost again', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    const joiners = [world.join(named('a'), n0), world.join(named('b'), n1), world.join(named('c'), n2)];
    world.runFor(10_000);
    expect(n0.member.view.vid).to.equal(1);
    expect(n0.member.view.members.map(({ id }) => id)).to.deep.equal(['n0', 'n1', 'n2', 'a', 'b']);
    expect(n2.member.admit(named('c'))).to.equal(undefined);
    world.runFor(10_000);
    expectOneGroup([n0, n1, n2, ...joiners], 2);
    world.close();
  });

  it('waits its turn where too many come at once, or the view changes, and hears why', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    for (let i = 0; i < MOST_JOINERS; i++) expect(n0.member.admit(named(`j${i}`))).to.equal(undefined);
    expect(n0.member.admit(named('j0', 3))).to.equal('a process with the id j0 is let in just now');
    expect(n0.member.admit(named('more'))).to.equal('4 processes are let in just now');
    expect(n1.member.admit(named(''))).to.equal("'' (incarnation 2) can be no member");
    expect(n1.member.admit(named('fine', 0))).to.equal("'fine' (incarnation 0) can be no member");
    n2.member.leave('maintenance');
    world.round();
    expect(n2.member.admit(named('more'))).to.match(/^view 0 does not run here \((leaving|wedged)\)$/);
    world.close();
  });

  it('has time to be heard, and to hear, where keys are slow', () => {
    const world = new World(3);
    const founders = [...world.nodes];
    const joiner = world.join(named('new'), founders[1]!);
    while (!joiner.isMember) world.round();
    world.isMailHeld = true;
    world.runFor(2 * SUSPICION);
    world.isMailHeld = false;
    world.runFor(10_000);
    expectOneGroup([...founders, joiner], 1);
    world.close();
  });

  it('that dies before it comes up costs the others the time of a suspicion, and nothing else', () => {
    const world = new World(3);
    const founders = [...world.nodes];
    const joiner = world.join(named('new'), founders[0]!);
    joiner.isAlive = false;
    for (const node of founders) node.send('during');
    world.settle();
    expect(founders.map(({ member }) => member.waitingFor())).to.deep.equal(
      founders.map(() => ['the keys of new']),
    );
    world.runFor(6 * SUSPICION);
    expectOneGroup(founders, 2);
    expect(founders[0]!.delivered).to.have.lengthOf(3);
    world.close();
  });

  it('is not let in where its teacher dies before it said so, and knows nothing of it', () => {
    const world = new World(3);
    const [n0, n1, n2] = world.nodes as [Node, Node, Node];
    const joiner = world.join(named('new'), n2);
    world.kill(n2);
    world.runFor(10_000);
    expectOneGroup([n0, n1], 1);
    expect(joiner.isMember).to.equal(false);
    world.close();
  });

  it('goes on from view to view with those who come and go at every moment of its join', () => {
    for (let rounds = 0; rounds < 40; rounds++) {
      const world = new World(4);
      const [n0, n1, n2, n3] = world.nodes as [Node, Node, Node, Node];
      for (const node of world.nodes) node.send('before');
      const joiner = world.join(named('new'), n1);
      for (let i = 0; i < rounds; i++) world.round();
      world.kill(n3, (rounds % 3) / 2);
      world.runFor(10_000);
      if (!n0.member.view.members.some(({ id }) => id === 'new')) n1.member.admit(joiner.identity);
      world.runFor(6 * SUSPICION);
      for (const node of [n0, n1, n2, joiner]) node.send('after');
      world.settle();
      expectOneGroup([n0, n1, n2, joiner], n0.member.view.vid);
      world.close();
    }
  });
});
