/**
 * The caller's side of a member: every call settles once, says truly whether its command took effect, and lets go of
 * everything. Members are moved by hand, so each test stops a call exactly where it wants to.
 */
import { ActorError, BowechoError, defineActor } from '@bowecho/actors';
import { expect } from 'chai';
import { NodesByHand } from './nodes-by-hand.js';

const Box = defineActor({
  name: 'box',
  state: () => ({ count: 0, last: 0 }),
  commands: {
    add: state => ++state.count,
    refuse(state) {
      state.count++;
      throw new ActorError('NO', 'not now');
    },
  },
  queries: {
    size: state => state.count,
    echo: (_, given: { x: number }) => given.x,
    spoil: (_, given: { x: number }) => (given.x = 99),
  },
});

const Loose = defineActor({
  name: 'loose',
  atomic: false,
  state: () => ({ count: 0 }),
  commands: {
    refuse(state) {
      state.count++;
      throw new ActorError('NO', 'too late');
    },
  },
  queries: { size: state => state.count },
});

/** How a call ended: its value, or code and `didExecute`. */
async function endOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (!(error instanceof BowechoError || error instanceof ActorError)) throw error;
    return `${error.code} ${error.didExecute}`;
  });
}

describe('calls', () => {
  it('say what is true of a command when its time is up', async () => {
    const pair = new NodesByHand(Box, { ringBytes: 4096, queueBytes: 65_536 });
    const box = pair.ref(Box, 0).$with({ timeout: 5 });
    const ends = Array.from({ length: 400 }, () => endOf(box.add()));
    pair.nodes[0]!.doWork(pair.now); // the ring's fill is published, the rest waits for room
    pair.now += 6_000;
    pair.nodes[0]!.doWork(pair.now);
    const codes = await Promise.all(ends);
    pair.run(0, 1);
    const executed = await endOf(pair.ref(Box, 0).$with({ read: 'local' }).size());
    expect(executed).to.be.greaterThan(0);
    expect(codes.filter(code => code === 'TIMEOUT unknown')).to.have.lengthOf(executed as number);
    expect(codes.filter(code => code === 'TIMEOUT no')).to.have.lengthOf(400 - (executed as number));
    expect(pair.nodes[0]!.calls.pendingCount).to.equal(0);
  });

  it('know that what one replica answered took effect, and that a query changes nothing', async () => {
    const pair = new NodesByHand(Box);
    const box = pair.ref(Box, 0);
    const ends = [box.$all.add(), box.$all.size()].map(endOf);
    // Rank 1 acknowledges, and its answers stay in the mail: rank 0 alone goes on.
    for (const rank of [0, 1, 0, 0]) pair.nodes[rank]!.doWork(pair.now);
    pair.nodes[0]!.calls.ended({ reason: 'a test', isLeave: false, executedElsewhere: [] });
    expect(await Promise.all(ends)).to.deep.equal(['VIEW_ENDED yes', 'VIEW_ENDED no']);
  });

  it('know nothing of a command that was sent, and that a query did not execute, when the view ends', async () => {
    const pair = new NodesByHand(Box);
    const box = pair.ref(Box, 0);
    const sent = [box.$all.add(), box.$all.size(), box.add()].map(endOf);
    pair.nodes[0]!.doWork(pair.now);
    const queued = endOf(box.add());
    pair.nodes[0]!.calls.ended({ reason: 'a test', isLeave: false, executedElsewhere: [] });
    expect(await Promise.all([...sent, queued])).to.deep.equal([
      'VIEW_ENDED unknown',
      'VIEW_ENDED no',
      'VIEW_ENDED unknown',
      'VIEW_ENDED no',
    ]);
  });

  it('do not say that a throw was rolled back where it was not', async () => {
    const strict = new NodesByHand(Box);
    const loose = new NodesByHand(Loose);
    const ends = [
      endOf(strict.ref(Box, 0).refuse()),
      endOf(loose.ref(Loose, 0).refuse()),
      endOf(loose.ref(Loose, 0).$all.refuse()),
    ];
    strict.run(0, 1);
    loose.run(0, 1);
    expect(await Promise.all(ends)).to.deep.equal(['NO no', 'NO unknown', 'NO unknown']);
    expect(await loose.ref(Loose, 0).$with({ read: 'local' }).size()).to.equal(2);
  });

  it('have a query see what was passed, and keep what it does to that from the caller', async () => {
    const pair = new NodesByHand(Box);
    const box = pair.ref(Box, 0);
    const given = { x: 1 };
    const ends: Promise<unknown>[] = [box.add()];
    pair.nodes[0]!.doWork(pair.now); // received here, and not yet delivered: queries wait
    ends.push(box.echo(given), box.spoil(given));
    given.x = 2;
    pair.run(0, 1);
    expect(await Promise.all(ends)).to.deep.equal([1, 1, 99]);
    expect(given).to.deep.equal({ x: 2 });
  });

  it('hold no more than what still waits, while nothing is delivered and callers try again', () => {
    const pair = new NodesByHand(Box, { ringBytes: 4096, queueBytes: 65_536 });
    const box = pair.ref(Box, 0);
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 500; i++) box.$with({ timeout: 1 }).$tell.add();
      pair.now += 2_000;
      pair.nodes[0]!.doWork(pair.now);
    }
    expect(pair.deadLetters).to.have.lengthOf(15_000);
    const [held] = Reflect.get(pair.nodes[0]!.calls, 'pending') as readonly object[];
    const places = Reflect.get(held!, 'calls') as readonly unknown[];
    expect(places.length).to.be.lessThan(5_000);
  });

  it('wait by thousands on one signal with one listener, and let go of it', async () => {
    const pair = new NodesByHand(Box, { ringBytes: 1_048_576 });
    const { signal, abort } = countedSignal();
    const box = pair.ref(Box, 0).$with({ signal });
    const first = Array.from({ length: 2_000 }, () => endOf(box.add()));
    expect(signal.listeners).to.equal(1);
    pair.run(0, 1);
    expect(await Promise.all(first)).to.deep.equal(first.map((_, i) => i + 1));
    expect(signal.listeners).to.equal(0);
    const second = [endOf(box.add()), endOf(box.$with({ read: 'local' }).size())];
    abort();
    expect(await Promise.all(second)).to.deep.equal(['ABORTED unknown', 2_000]);
    expect(signal.listeners).to.equal(0);
    expect(await endOf(box.add())).to.equal('ABORTED no');
  });
});

/** A signal that counts who listens. */
function countedSignal(): { signal: AbortSignal & { listeners: number }; abort: () => void } {
  const controller = new AbortController();
  const signal = Object.assign(controller.signal, { listeners: 0 });
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  signal.addEventListener = (...listener: unknown[]) => {
    signal.listeners++;
    Reflect.apply(addEventListener, signal, listener);
  };
  signal.removeEventListener = (...listener: unknown[]) => {
    signal.listeners--;
    Reflect.apply(removeEventListener, signal, listener);
  };
  return {
    signal,
    abort: () => {
      signal.listeners = 0; // `once`
      controller.abort();
    },
  };
}
