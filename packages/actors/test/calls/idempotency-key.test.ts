/**
 * Goal: a command with an idempotency key is made once, whoever sends it again, and what its caller is told is true of all its
 * tries. Method: five members by hand, three of which hold the actor, so that a try is lost at a chosen stage of its way.
 */
import { ActorError, BowechoError, defineActor, type Ref } from '@bowecho/actors';
import { expect } from 'chai';
import { NodesByHand } from './nodes-by-hand.js';

const Journal = defineActor({
  name: 'once-journal',
  replicas: 3,
  state: () => ({ entries: [] as string[] }),
  commands: {
    add(state, entry: string) {
      if (entry === '') throw new ActorError('EMPTY', 'an entry has text');
      return state.entries.push(entry);
    },
    clear: state => (state.entries = []).length,
  },
  queries: { read: ({ entries }): string => entries.join() },
  args: { add: [String] },
});

const Loose = defineActor({
  name: 'once-loose',
  mode: 'unordered',
  state: () => ({ count: 0 }),
  commands: { add: state => (state.count += 1) },
  queries: { read: ({ count }) => count },
});

const COUNT = 5;
/** Holds no replica; its calls are made by `MAKER`. */
const CALLER = 4;
const MAKER = CALLER % 3;
const OTHERS = [0, 1, 2, 3, 4].filter(index => index !== MAKER);

/** How a call ended, in words where it failed. */
function endOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (error instanceof ActorError) return `ActorError ${error.code}`;
    expect(error).to.be.instanceOf(BowechoError);
    const { code, didExecute } = error as BowechoError;
    return `${code} ${didExecute}`;
  });
}

describe('a command with an idempotency key', () => {
  let group: NodesByHand;
  let far: Ref<InstanceType<typeof Journal>>;
  const at = (node: number): Ref<InstanceType<typeof Journal>> => group.ref(Journal, node);

  beforeEach(() => {
    group = new NodesByHand(Journal, { count: COUNT, ringBytes: 4096, queueBytes: 4096 });
    far = at(CALLER);
  });

  /** What the actor holds, at a replica that is there. */
  async function entries(): Promise<string> {
    return at((MAKER + 1) % 3)
      .$with({ read: 'local' })
      .read();
  }

  /** Lets a view change run to its end. */
  function settle(...nodes: number[]): void {
    for (let round = 0; round < 5; round++) {
      group.run(...nodes);
      group.now += 200_000;
    }
  }

  it('is made once, wherever it comes from, also while the first is under way', async () => {
    const calls = [0, 1, 2, 3, 4, 4].map(node => endOf(at(node).$with({ idempotencyKey: 'a' }).add('x')));
    calls.push(endOf(far.$with({ idempotencyKey: 'b' }).add('y')));
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal([1, 1, 1, 1, 1, 1, 2]);
    const later = [
      far.$with({ idempotencyKey: 'a' }).add('x'),
      at(0).$with({ idempotencyKey: 'a' }).$all.add('x'),
    ];
    group.runAll();
    const one = ['n0', 'n1', 'n2'].map(id => [id, 1] as const);
    expect(await Promise.all(later)).to.deep.equal([1, new Map(one)]);
    expect(await entries()).to.equal('x,y');
  });

  it('fails again as it failed', async () => {
    const calls = [far, at(0)].map(ref => endOf(ref.$with({ idempotencyKey: 'a' }).add('')));
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal(['ActorError EMPTY', 'ActorError EMPTY']);
  });

  it('is no other command, and says so', async () => {
    const first = far.$with({ idempotencyKey: 'a' }).add('x');
    group.runAll();
    await first;
    const ref = at(0).$with({ idempotencyKey: 'a' });
    const errors = Promise.all(
      [ref.add('y'), ref.clear()].map(call => call.catch((error: unknown) => error)),
    );
    group.runAll();
    const [other, another] = (await errors) as BowechoError[];
    expect(other).to.include({ code: 'KEY_REUSED', didExecute: 'no' });
    expect(other!.message).to.include("'a' was used before for the same with other arguments");
    expect(another!.message).to.include("'a' was used before for once-journal.add");
    expect(await entries()).to.equal('x');
  });

  it('is sent again, in its order, when the member that makes it is lost before it was made', async () => {
    const calls = ['a', 'b', 'c'].map(key => endOf(far.$with({ idempotencyKey: key }).add(key)));
    const plain = endOf(far.add('plain'));
    group.kill(MAKER); // it has not looked at them
    group.bury(MAKER, ...OTHERS);
    calls.push(endOf(far.$with({ idempotencyKey: 'd' }).add('d')));
    settle(...OTHERS);
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 3, 4]);
    expect(await plain).to.equal('MEMBER_LOST unknown');
    expect(await entries()).to.equal('a,b,c,d');
    expect(group.nodes[CALLER]!.calls.pendingCount).to.equal(0);
  });

  it('is not made again when the member that made it is lost before it answered', async () => {
    const call = endOf(far.$with({ idempotencyKey: 'a' }).add('x'));
    group.run(0, 1, 2); // it is made and answered
    group.loseMail();
    group.kill(MAKER);
    group.bury(MAKER, ...OTHERS);
    settle(...OTHERS);
    expect(await call).to.equal(1);
    expect(await entries()).to.equal('x');
  });

  it('is sent again when a member refuses it because it goes, and only then', async () => {
    const refused = (code: 'HALTED' | 'TOO_LARGE', id: number): void =>
      group.nodes[CALLER]!.calls.forwarding.answered(group.identityOf(MAKER), {
        kind: 'answer',
        id,
        outcome: { ok: false, error: new BowechoError(code, 'a test', { didExecute: 'no' }) },
        isRefusal: true,
      });
    const calls = ['a', 'b'].map(key => endOf(far.$with({ idempotencyKey: key }).add(key)));
    calls.push(endOf(far.add('plain')));
    group.loseMail();
    refused('HALTED', 0);
    refused('TOO_LARGE', 1);
    refused('HALTED', 2);
    expect(await Promise.all(calls.slice(1))).to.deep.equal(['TOO_LARGE no', 'HALTED no']);
    group.now += 20_000;
    group.runAll();
    expect(await calls[0]).to.equal(1);
    expect(await entries()).to.equal('a');
  });

  it('is made once when only the way there breaks', async () => {
    const call = endOf(far.$with({ idempotencyKey: 'a' }).add('x'));
    group.run(0, 1, 2);
    group.loseMail();
    group.nodes[CALLER]!.calls.forwarding.wayBroke(group.identityOf(MAKER), 'reset');
    group.now += 20_000;
    group.runAll();
    expect(await call).to.equal(1);
    expect(await entries()).to.equal('x');
  });

  it('may have been made if its time is up before a second try is answered', async () => {
    const calls = ['a', 'b'].map((key, i) =>
      endOf(far.$with({ idempotencyKey: key, timeout: 50 * (i + 1) }).add(key)),
    );
    group.run(0, 1, 2);
    group.loseMail();
    group.isCut = true;
    group.nodes[CALLER]!.calls.forwarding.wayBroke(group.identityOf(MAKER), 'reset');
    group.now += 60_000; // the second try waits for a way
    group.run(CALLER);
    expect(await calls[0]).to.equal('TIMEOUT unknown');
    group.nodes[CALLER]!.leave('a test');
    group.isCut = false;
    group.now += 20_000;
    group.runAll();
    expect(await calls[1]).to.equal(2);
    expect(await entries()).to.equal('a,b');
  });

  it('may have been made if the second try is refused', async () => {
    const call = endOf(far.$with({ idempotencyKey: 'a' }).add('x'));
    group.run(0, 1, 2);
    group.loseMail();
    group.nodes[CALLER]!.calls.forwarding.wayBroke(group.identityOf(MAKER), 'reset');
    group.now += 20_000;
    group.run(CALLER);
    // No room for the second try: the member's queue is full of its own.
    const full = [800, 1].flatMap(size =>
      Array.from({ length: 40 }, () => endOf(at(MAKER).add('z'.repeat(size)))),
    );
    group.runAll();
    expect(await call).to.equal('OVERLOADED unknown');
    await Promise.all(full);
    const again = endOf(far.$with({ idempotencyKey: 'a' }).add('x'));
    group.runAll();
    expect(await again, 'asked again by its caller').to.equal(1);
  });

  it('is answered by $tell and by queries as if it had none', async () => {
    const ref = far.$with({ idempotencyKey: 'a' });
    ref.$tell.add('x');
    ref.$tell.add('x');
    const reads = [ref.read(), at(0).$with({ idempotencyKey: 'a' }).$all.read()];
    group.runAll();
    await Promise.all(reads);
    expect(await entries()).to.equal('x');
    expect(group.deadLetters).to.deep.equal([]);
  });

  it('has a key of 1 to 256 characters that UTF-8 can carry, and an order to be once in', () => {
    for (const key of ['', 'x'.repeat(257), 5, null, '\ud800'])
      expect(() => far.$with({ idempotencyKey: key as never }), String(key))
        .to.throw(BowechoError, 'idempotencyKey')
        .that.includes({ code: 'ARGUMENT_INVALID', didExecute: 'no' });
    far.$with({ idempotencyKey: '\u20ac'.repeat(256) });
    const loose = new NodesByHand(Loose).ref(Loose, 0);
    expect(() => loose.$with({ idempotencyKey: 'a' })).to.throw(BowechoError, 'needs an ordered actor');
  });

  it('takes the longest key there is', async () => {
    const key = '\u20ac'.repeat(256);
    const calls = [far, far, at(0)].map(ref => endOf(ref.$with({ idempotencyKey: key }).add('x')));
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal([1, 1, 1]);
  });
});
