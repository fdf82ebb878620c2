/**
 * Goal: the world is a fair stage: it shows what was delivered, keeps its clocks and timers, drives whatever process runs
 * on a node, and its errors say how to see the run again.
 */
import { Member, type Application, type Delivery } from '@bowecho/core';
import {
  CheckError,
  FoldApplication,
  NO_HAZARDS,
  Observer,
  World,
  everywhere,
  memberProcess,
  watchAll,
  type SimulatedProcess,
} from '@bowecho/testing';
import { expect } from 'chai';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('World', () => {
  it('delivers everywhere what was sent, in one order', () => {
    const world = new World({ seed: 1, nodes: 5 });
    watchAll(world);
    world.runUntilRunning();
    for (let i = 0; i < 20; i++) world.send(i % 5, 0, bytes(i));
    world.runUntilQuiet();
    for (let rank = 0; rank < 5; rank++) {
      expect(world.history(rank).length).to.equal(20);
      expect(world.history(rank).hash).to.deep.equal(world.history(0).hash);
      expect(world.history(rank).time).to.deep.equal(world.history(0).time);
    }
  });

  it('runs a group of one', () => {
    const world = new World({ seed: 1, nodes: 1 });
    watchAll(world);
    world.runUntilRunning();
    world.send(0, 0, bytes(1));
    world.runUntilQuiet();
    expect(world.history(0).length).to.equal(1);
  });

  it('goes on in the next view without one that leaves, after its messages were delivered', () => {
    const world = new World({ seed: 3, nodes: 3 });
    watchAll(world);
    world.runUntilRunning();
    for (let i = 0; i < 10; i++) world.send(1, 0, bytes(i));
    world.leave(1, 'enough');
    world.runUntilQuiet();
    world.send(2, 0, bytes(10));
    world.runUntilQuiet();
    expect(world.members.map(({ state, view }) => `${state} ${view.vid}`)).to.deep.equal([
      'running 1',
      'left 0',
      'running 1',
    ]);
    expect([0, 1, 2].map(node => world.history(node).length)).to.deep.equal([11, 10, 11]);
  });

  it('calls timers in virtual time, and stops after the time asked for', () => {
    const world = new World({ seed: 1, nodes: 2, hazards: NO_HAZARDS });
    const fired: string[] = [];
    world.runUntilQuiet();
    const start = world.now;
    world.after(3600_000, () => fired.push('hour'));
    world.after(10, () => fired.push('soon'));
    world.runFor(1000);
    expect(fired).to.deep.equal(['soon']);
    expect(world.now - start).to.equal(1_000_000);
    world.runFor(3600_000);
    expect(fired).to.deep.equal(['soon', 'hour']);
  });

  it('gives each node a clock of its own that never falls', () => {
    const world = new World({ seed: 9, nodes: 3, clockSkewMs: 50 });
    const before = [0, 1, 2].map(rank => world.clockOf(rank));
    world.runUntilQuiet();
    expect(new Set(before).size).to.equal(3);
    before.forEach((clock, rank) => expect(world.clockOf(rank) - clock).to.equal(world.now));
  });

  it('drives any process that has a member: its own work, its deadlines, its sends from inside a delivery', () => {
    const deadlineMicros = 5_000_000;
    const woken: number[] = [];

    class Echo extends FoldApplication {
      member: Member | undefined;
      override deliver(delivery: Delivery): void {
        super.deliver(delivery);
        if (delivery.isMine && delivery.length > 1) this.member!.send(delivery.set, bytes(0), 1);
      }
    }

    const world = new World({
      seed: 4,
      nodes: 3,
      createProcess: (host): SimulatedProcess => {
        const application = new Echo();
        const { member } = memberProcess(host, application);
        application.member = member;
        const deadline = host.now() + deadlineMicros;
        let nextDeadline = deadline;
        return {
          member,
          doWork: now => {
            if (now >= deadline && nextDeadline < Infinity) {
              woken.push(now - deadline);
              nextDeadline = Infinity;
            }
            return member.doWork(now);
          },
          get nextDeadline() {
            return nextDeadline;
          },
        };
      },
    });
    watchAll(world);
    world.runUntilRunning();
    world.send(0, 0, bytes(1, 2));
    world.runUntilQuiet();
    for (let rank = 0; rank < 3; rank++) expect(world.history(rank).length).to.equal(2);
    expect(woken).to.have.lengthOf(3);
    for (const late of woken) expect(late).to.be.within(0, 50_000);
  });

  it('lets a slow node hold up nobody for ever', () => {
    const world = new World({ seed: 2, nodes: 3, slowNodes: [2], pauseMs: 500 });
    watchAll(world);
    world.runUntilRunning();
    for (let i = 0; i < 30; i++) world.send(i % 2, 0, bytes(i));
    world.runUntilQuiet();
    expect(world.history(2).length).to.equal(30);
  });

  it('fills rings, makes messages wait, and refuses the rest', () => {
    const world = new World({ seed: 2, nodes: 2, ringBytes: 512, queueBytes: 512 });
    watchAll(world);
    world.runUntilRunning();
    let accepted = 0;
    while (world.trySend(0, 0, new Uint8Array(64))) accepted++;
    expect(world.refusals).to.equal(1);
    world.runUntilQuiet();
    expect(world.history(1).length).to.equal(accepted);
    expect(accepted).to.be.within(10, 20);
  });

  it('skips messages that were taken back while they waited', () => {
    const world = new World({ seed: 2, nodes: 2, ringBytes: 512 });
    watchAll(world);
    world.runUntilRunning();
    const tickets = Array.from({ length: 20 }, (_, i) => world.send(0, 0, new Uint8Array(64).fill(i)));
    const taken = tickets.filter(ticket => ticket % 3 === 0 && world.members[0]!.withdraw(0, ticket));
    expect(taken).not.to.be.empty;
    world.runUntilQuiet();
    expect(world.history(1).length).to.equal(20 - taken.length);
  });

  it('says in an error which seed it was, what disagrees, and how to see it again', () => {
    const broken: Application = new (class extends FoldApplication {
      override deliver(): void {
        throw new Error('no such account');
      }
    })();
    const world = new World({
      seed: 'bank-1',
      nodes: 2,
      createProcess: host => memberProcess(host, host.rank === 1 ? broken : new FoldApplication()),
    });
    watchAll(world);
    world.runUntilRunning();
    world.send(0, 0, bytes(1));
    expect(() => world.runUntilQuiet())
      .to.throw(CheckError)
      .with.property('message')
      .that.matches(/no-halt: node 1 halted: Error: no such account/)
      .and.matches(/SIM_SEED=bank-1/);
  });

  it('ends a run by what an observer throws, wherever it throws', () => {
    const world = new World({ seed: 5, nodes: 2 });
    world.observe(
      new (class extends Observer {
        override onDelivery(): void {
          throw world.violation('mine', 'seen enough', []);
        }
      })(),
    );
    world.runUntilRunning();
    world.send(0, 0, bytes(1));
    expect(() => world.runUntilQuiet()).to.throw(CheckError, 'mine: seen enough');
  });

  it('places shards on the nodes that the layout gives them', () => {
    const sharded = { ...everywhere(5), name: 'sharded', shards: 5, maxReplicas: 2 };
    const world = new World({ seed: 6, nodes: 5, subgroups: [sharded] });
    watchAll(world);
    world.runUntilRunning();
    expect(world.sets.length).to.be.greaterThan(1);
    for (const set of world.sets) world.send(set.senders[0]!, set.index, bytes(set.index));
    world.runUntilQuiet();
    for (const set of world.sets) {
      for (const rank of set.replicas) expect(world.history(rank).set).to.include(set.index);
    }
  });
});
