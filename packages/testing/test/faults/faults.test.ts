/**
 * Goal: each fault does what it says and no more, and a view ends by it, with a reason, wherever somebody can know; the
 * others go on in the next one. Method: tidy worlds with one fault at a known moment, under all checkers. Nobody beats
 * in them: silence tells nothing.
 */
import { CAPTURED, EVENT_WRITES_LOST, PUSH_STRIDE, type Region, type StateChange } from '@bowecho/core';
import {
  EventQueue,
  NO_HAZARDS,
  Observer,
  Random,
  SimulatedNetwork,
  World,
  drawFaults,
  watchAll,
  type Fault,
} from '@bowecho/testing';
import { expect } from 'chai';

/** By then the group runs, whatever the seed: keys take at most 10 ms here. */
const UP = 20_000;
const NOBODY = [null, null, null];

/** Why the first view ended, by node. */
class Endings extends Observer {
  readonly reasons: (string | undefined)[] = [];

  override onStateChanged(node: number, { to, reason }: StateChange): void {
    if (to === 'wedged') this.reasons[node] ??= reason;
  }
}

/** Three members that send 30 messages, one a millisecond, in turns, from `UP` on; one of them may leave in the midst of it. */
function run(faults: readonly Fault[], leaver?: number): { readonly world: World; readonly ends: Endings } {
  const world = new World({ seed: 5, nodes: 3, latency: [0.1, 1], hazards: NO_HAZARDS, faults });
  const ends = new Endings();
  watchAll(world);
  world.observe(ends);
  if (leaver !== undefined) world.after(UP / 1000 + 10, () => world.leave(leaver, 'it has had enough'));
  for (let i = 0; i < 30; i++) {
    world.after(UP / 1000 + i, () => world.trySend(i % 3, 0, Uint8Array.of(i, i)));
  }
  world.runUntilQuiet();
  return { world, ends };
}

function crashOf(rank: number, change: Partial<Extract<Fault, { kind: 'crash' }>> = {}): Fault {
  return {
    kind: 'crash',
    at: UP + 5000,
    until: UP + 20_000,
    rank,
    moment: 'turn',
    after: 0,
    eighths: [8, 8, 8],
    toldByFabric: [1000, 1000, 1000],
    toldByControl: NOBODY,
    ...change,
  };
}

const delivered = (world: World): number[] => [0, 1, 2].map(rank => world.history(rank).length);
const states = (world: World): string[] =>
  world.members.map(({ state, view }, node) => (world.isAlive(node) ? `${state} ${view.vid}` : 'dead'));

describe('faults', () => {
  it('crash a node between any two writes of its pushes, and the others go on without it', () => {
    const reached = new Set<number>();
    for (let after = 0; after < 24; after++) {
      for (const share of [0, 4, 8]) {
        const { world, ends } = run([crashOf(0, { moment: 'push', after, eighths: [8, share, share] })]);
        expect(world.fired.crashInPush, `after ${after} writes`).to.equal(1);
        expect(world.isAlive(0)).to.equal(false);
        expect(states(world)).to.deep.equal(['dead', 'running 1', 'running 1']);
        expect(ends.reasons).to.have.length(3);
        for (const rank of [1, 2]) expect(ends.reasons[rank]).to.match(/^n0 is lost/);
        reached.add(world.history(0).length);
      }
    }
    expect(reached.size, 'different ends of its history').to.be.greaterThan(3);
  });

  it('crash a node between two deliveries of one turn', () => {
    const { world } = run([crashOf(1, { moment: 'delivery', after: 3 })]);
    expect(world.fired.crashInDelivery).to.equal(1);
    const before = world.history(1).at.filter(at => at < UP + 5000).length;
    expect(world.history(1).length).to.equal(before + 3);
  });

  it('tell nobody of a silent crash: the others wait, and no checker blames them', () => {
    const { world } = run([crashOf(2, { toldByFabric: NOBODY })]);
    expect(world.fired.crashSilent).to.equal(1);
    expect(states(world)).to.deep.equal(['running 0', 'running 0', 'dead']);
    expect(Math.max(...delivered(world))).to.be.lessThan(30);
  });

  it('tell of a crash over the control channel alone', () => {
    const { ends } = run([crashOf(2, { toldByFabric: NOBODY, toldByControl: [500, null, null] })]);
    expect(ends.reasons[0]).to.match(/^n2 is lost: its process is gone/);
    expect(ends.reasons[1]).to.equal('n2 is lost, as n0 noticed');
  });

  it('let a node stand still, also in the midst of a push, and go on', () => {
    for (const moment of ['turn', 'push'] as const) {
      for (const holdsWrites of [false, true]) {
        const until = UP + 200_000;
        const { world } = run([
          { kind: 'freeze', at: UP + 5000, until, rank: 1, moment, after: 1, holdsWrites },
        ]);
        expect(world.now).to.be.greaterThan(until);
        expect(new Set(delivered(world))).to.have.lengthOf(1);
        expect(delivered(world)[0]).to.be.within(15, 29); // it cannot send while it stands still
        expect(states(world)).to.deep.equal(['running 0', 'running 0', 'running 0']);
      }
    }
  });

  it('hold what a cut link carries, and land it in order after the heal', () => {
    const cut = {
      kind: 'cut',
      at: UP + 5000,
      until: UP + 90_000,
      eighths: 0,
      senderToldAfter: null,
    } as const;
    const { world } = run([{ ...cut, shape: 'one way', links: [[0, 2]], loss: 'held' }]);
    expect(delivered(world)).to.deep.equal([30, 30, 30]);
    expect(world.history(0).at.at(-1)).to.be.greaterThan(UP + 90_000);
  });

  it('lose what a cut link carries, and tell the reader before it believes anything later', () => {
    const cut = { kind: 'cut', at: UP + 5000, until: UP + 6000, eighths: 0, senderToldAfter: null } as const;
    const { world, ends } = run([{ ...cut, shape: 'one way', links: [[0, 2]], loss: 'gap' }]);
    expect(world.fired.cutToldReader).to.equal(1);
    expect(ends.reasons[2]).to.equal('n0 is lost: the connection broke, and writes were lost');
    expect(states(world), 'the younger end of the link').to.deep.equal([
      'running 1',
      'running 1',
      'halted 0',
    ]);
  });

  it('break links for good: who is told ends the view, and so does who can hear of it', () => {
    const cut = { kind: 'cut', at: UP + 5000, until: UP + 6000, eighths: 0, senderToldAfter: 3000 } as const;
    const { world, ends } = run([
      {
        ...cut,
        shape: 'bridge',
        links: [
          [0, 2],
          [2, 0],
        ],
        loss: 'forever',
      },
    ]);
    expect(states(world)).to.deep.equal(['running 1', 'running 1', 'halted 0']);
    expect(ends.reasons[1]).to.match(/^n[02] is lost, as n[02] noticed$/);
  });

  it('lose keys with a control connection, and the group comes up over the next one', () => {
    const { world } = run([
      { kind: 'control-reset', at: 0, until: 15_000, between: [0, 1], kept: 0 },
      { kind: 'control-stall', at: 0, until: 12_000, between: [2, 0] },
    ]);
    expect(world.fired.controlLostMessages + world.fired.controlRefusedMessages).to.be.greaterThan(0);
    expect(states(world)).to.deep.equal(['running 0', 'running 0', 'running 0']);
  });

  it('write late into memory that was closed, and hit nothing', () => {
    const { world } = run(
      [
        { kind: 'closed-memory', at: 0, rank: 1 },
        { kind: 'slow-link', at: UP, until: UP + 60_000, between: [2, 1], delay: 3000 },
      ],
      1,
    );
    expect(world.fired.closedMemory).to.equal(1);
    expect(world.fired.lateWrites).to.be.greaterThan(0);
  });

  it('let clocks drift, and never go back', () => {
    const world = new World({
      seed: 1,
      nodes: 2,
      clockSkewMs: 0,
      faults: [
        { kind: 'clock-drift', at: 1_000_000, rank: 0, ppm: 10_000 },
        { kind: 'clock-drift', at: 2_000_000, rank: 0, ppm: -10_000 },
      ],
    });
    const start = world.clockOf(0);
    let last = start;
    for (let ms = 0; ms < 3000; ms += 50) {
      world.runFor(50);
      expect(world.clockOf(0)).to.be.greaterThan(last);
      last = world.clockOf(0);
    }
    expect(last - start).to.equal(3_000_000);
    expect(world.clockOf(1) - start).to.equal(3_000_000);
  });

  it('are data: half of the kinds are off, all that ends does so by the heal, and JSON keeps them', () => {
    const scope = { nodes: 4, up: 1000, heal: 9000 };
    const worlds = Array.from({ length: 400 }, (_, seed) => drawFaults(Random.fromSeed(seed), scope));
    for (const faults of worlds) {
      expect(JSON.parse(JSON.stringify(faults))).to.deep.equal(faults);
      for (const fault of faults) expect('until' in fault ? fault.until : fault.at).to.be.at.most(scope.heal);
    }
    const withCrash = worlds.filter(faults => faults.some(({ kind }) => kind === 'crash'));
    expect(withCrash.length).to.be.within(150, 250);
  });
});

describe('a link of the simulated network that lost writes', () => {
  it('shows nothing later before the poll that says so', () => {
    const queue = new EventQueue();
    const network = new SimulatedNetwork(queue, Random.fromSeed(1), {
      minDelay: 1,
      maxDelay: 9,
      hazards: { ...NO_HAZARDS, split: 0.5 },
      eventKind: 0,
    });
    const [a, b] = [network.createFabric(), network.createFabric()];
    const [mine, theirs]: [Region, Region] = [a.register(64), b.register(64)];
    const peer = a.connect(b.address, theirs.key, mine);
    b.connect(a.address, mine.key, theirs);
    const target = new Uint8Array(theirs.memory);
    const events = new Int32Array(8);
    const write = (at: number): void => {
      new Uint8Array(mine.memory).fill(at + 1, at, at + 8);
      const batch = new Int32Array(PUSH_STRIDE);
      batch.set([peer.index, at, at, 8, CAPTURED]);
      a.push(batch, 1);
      while (queue.pop()) network.land(queue.a);
    };
    const link = network.linkBetween(0, b);
    write(0);
    network.sever(link, 0);
    write(8);
    network.mend(link);
    write(16);
    expect([...target.subarray(0, 24)]).to.deep.equal([
      ...Array<number>(8).fill(1),
      ...Array<number>(16).fill(0),
    ]);
    expect(b.drain(events)).to.equal(0);
    expect(
      b.arm(() => undefined),
      'there is something to poll for',
    ).to.equal(false);
    b.poll();
    expect(b.drain(events)).to.equal(1);
    expect(events[0]).to.equal(EVENT_WRITES_LOST);
    while (queue.pop()) network.land(queue.a);
    expect(target[8]).to.equal(0);
    expect([...target.subarray(16, 24)]).to.deep.equal(Array<number>(8).fill(17));
  });
});
