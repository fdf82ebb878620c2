/**
 * Calls and replicas while views change. Who goes on does not notice: every call is answered, in its order, and made once. Who is
 * left out learns of each call what is true. Members are moved by hand, so each test changes the view where it wants to.
 */
import { ActorError, BowechoError, ctx, defineActor } from '@bowecho/actors';
import { expect } from 'chai';
import { NodesByHand } from './nodes-by-hand.js';

const methods = {
  state: () => ({ entries: [] as string[] }),
  commands: {
    add(state: { entries: string[] }, entry: string) {
      return state.entries.push(entry);
    },
  },
  queries: { read: ({ entries }: { entries: string[] }): string => entries.join() },
  args: { add: [String] },
};

/** A replica at every member. */
const Ledger = defineActor({ name: 'ledger', replicas: 5, ...methods });
/** Nodes 0 and 1 hold it; others forward: node 2 to node 0, node 3 to node 1. */
const Pair = defineActor({ name: 'pair', replicas: 2, ...methods });

const Counting = defineActor({
  name: 'counting',
  replicas: 5,
  state: () => ({ total: 0 }),
  commands: { add: (state, count: number) => (state.total += count) },
  args: { add: [Number] },
});

const Witness = defineActor({
  name: 'witness',
  replicas: 5,
  state: () => ({ lines: [] as string[] }),
  commands: {
    add(state, entry: string) {
      return state.lines.push(`${entry} in ${ctx.view.id} of ${ctx.view.members.join('+')}`);
    },
  },
  queries: { seen: state => state.lines },
  onViewChange(state, view) {
    const { id, members, joined, left } = view;
    state.lines.push(
      `view ${id}: ${members.join('+')} joined ${joined.join('+')} left ${left.join('+')} ${ctx.id()}`,
    );
  },
});

/** How a call ended: its value, or code and `didExecute`. */
async function endOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (!(error instanceof BowechoError || error instanceof ActorError)) throw error;
    return `${error.code} ${error.didExecute}`;
  });
}

/** Whether a call has ended by now. */
async function isOpen(call: Promise<unknown>): Promise<boolean> {
  const open = {};
  return (await Promise.race([call, Promise.resolve(open)])) === open;
}

describe('calls over a view change', () => {
  it('are answered at all who go on, whether a member was lost before they were sent, or under way', async () => {
    const group = new NodesByHand(Ledger, { count: 3 });
    const refs = [0, 1].map(index => group.ref(Ledger, index));
    const add = (text: string): Promise<unknown>[] => refs.map((ref, i) => endOf(ref.add(`${text}${i}`)));
    const calls = add('sent');
    for (const index of [0, 1]) group.nodes[index]!.doWork(group.now);
    group.kill(2); // it acknowledges nothing
    calls.push(...add('later'));
    group.run(0, 1);
    group.bury(2, 0);
    group.nodes[0]!.doWork(group.now); // node 0 is wedged, node 1 does not know
    calls.push(...add('amid'));
    group.runAll();
    calls.push(...add('after'));
    group.runAll();
    expect((await Promise.all(calls)).sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    const histories = await Promise.all(refs.map(ref => ref.$with({ read: 'local' }).read()));
    expect(histories[0]).to.equal(histories[1]);
    for (const who of ['0', '1'])
      expect(
        histories[0]!.split(',').filter(entry => entry.endsWith(who)),
        'its order',
      ).to.deep.equal(['sent', 'later', 'amid', 'after'].map(text => text + who));
    for (const index of [0, 1]) {
      expect(group.views[index]!.map(({ id, left }) => [id, left])).to.deep.equal([
        [0, []],
        [1, ['n2']],
      ]);
      expect(group.nodes[index]!.calls.pendingCount).to.equal(0);
    }
  });

  it('are answered by the thousand, more than the ring holds, each in the order of its caller', async () => {
    const group = new NodesByHand(Counting, { count: 3, ringBytes: 16_384 });
    const refs = [0, 1].map(index => group.ref(Counting, index));
    const each = 2_500;
    const calls = refs.map(ref => Array.from({ length: each }, (_, i) => endOf(ref.add(i % 7))));
    group.kill(2); // it frees no room in any ring
    group.run(0, 1);
    expect(group.nodes[0]!.calls.pendingCount).to.equal(each);
    group.bury(2, 0, 1);
    group.runAll();
    const totals = (await Promise.all(calls.flat())) as number[];
    const sum = Array.from({ length: each }, (_, i) => i % 7).reduce((a, b) => a + b);
    expect(Math.max(...totals), 'what all of them add up to').to.equal(2 * sum);
    const ofOne = totals.slice(0, each);
    expect(ofOne, 'of one caller').to.deep.equal([...ofOne].sort((a, b) => a - b));
  });

  it('run onViewChange at one place of the sequence, everywhere', async () => {
    const group = new NodesByHand(Witness, { count: 4 });
    const refs = [0, 1, 2].map(index => group.ref(Witness, index, 'w'));
    const calls = refs.map((ref, i) => ref.add(`first${i}`));
    group.runAll();
    group.kill(3);
    calls.push(...refs.map((ref, i) => ref.add(`second${i}`)));
    group.nodes[0]!.doWork(group.now);
    group.nodes[2]!.doWork(group.now);
    group.bury(3, 1);
    group.runAll();
    group.nodes[0]!.leave('a test');
    calls.push(...refs.slice(1).map((ref, i) => ref.add(`third${i + 1}`)));
    group.runAll();
    await Promise.all(calls);
    const seen = await Promise.all([1, 2].map(i => refs[i]!.$with({ read: 'local' }).seen()));
    expect(seen[0]).to.deep.equal(seen[1]);
    const views = seen[0]!.filter(line => line.startsWith('view')).map(line => line.replace(/ [^ ]+$/, ''));
    expect(views).to.deep.equal([
      'view 0: n0+n1+n2+n3 joined n0+n1+n2+n3 left ',
      'view 1: n0+n1+n2 joined  left n3',
      'view 2: n1+n2 joined  left n0',
    ]);
    const vids = seen[0]!.map(line => Number(/^view (\d)|in (\d)/.exec(line)!.slice(1).join('')));
    expect(vids, 'nothing of a view comes after the next one').to.deep.equal([...vids].sort());
    expect(group.ends[0]).to.include({ isLeave: true });
  });

  it('by $all are answered by those who are there', async () => {
    const group = new NodesByHand(Ledger, { count: 3 });
    const ref = group.ref(Ledger, 0);
    const asked = endOf(ref.$all.add('a'));
    for (const index of [0, 2, 1, 0, 1]) group.nodes[index]!.doWork(group.now);
    group.kill(2);
    group.runAll();
    expect(await isOpen(asked), 'node 2 has not answered').to.equal(true);
    const amid = endOf(ref.$all.add('b'));
    group.bury(2, 0, 1);
    group.runAll();
    expect(await asked).to.deep.equal(
      new Map([
        ['n0', 1],
        ['n1', 1],
      ]),
    );
    expect(await amid).to.deep.equal(
      new Map([
        ['n0', 2],
        ['n1', 2],
      ]),
    );
  });

  it('that read wait until it is known who goes on', async () => {
    const group = new NodesByHand(Ledger, { count: 3 });
    const ref = group.ref(Ledger, 0);
    const added = ref.add('a');
    group.nodes[0]!.doWork(group.now);
    const before = endOf(ref.read()); // waits for what node 0 has received of itself
    group.kill(2);
    group.bury(2, 0);
    group.nodes[0]!.doWork(group.now);
    const amid = endOf(ref.read());
    const local = endOf(ref.$with({ read: 'local' }).read());
    expect(await local).to.equal('');
    expect(await isOpen(amid)).to.equal(true);
    group.runAll();
    expect(await added).to.equal(1);
    expect(await before).to.be.oneOf(['', 'a']); // it was not stable, so it may have come in the next view
    expect(await amid).to.be.oneOf(['', 'a']);
    expect(await endOf(ref.read())).to.equal('a');
  });
});

describe('a member that is left out', () => {
  it('says truly of each call whether the others make it', async () => {
    const group = new NodesByHand(Ledger, { count: 3, ringBytes: 4096 });
    const ref = group.ref(Ledger, 2);
    const seen = Array.from({ length: 3 }, (_, i) => endOf(ref.add(`seen${i}`)));
    group.nodes[2]!.doWork(group.now);
    group.nodes[0]!.doWork(group.now); // it acknowledges; node 1 will, and node 2 does not hear of it
    const mail = Array.from({ length: 30 }, (_, i) => endOf(ref.add(`late${i}${'x'.repeat(200)}`)));
    const read = endOf(ref.read());
    group.bury(2, 0, 1); // wrongly
    group.run(0, 1);
    expect(group.views[0]!.at(-1)!.left).to.deep.equal(['n2']);
    group.runAll();
    const ends = await Promise.all([...seen, ...mail]);
    const survivor = group.ref(Ledger, 0).$with({ read: 'local' });
    const history = (await survivor.read()).split(',').filter(text => text !== '');
    expect(history).to.deep.equal(['seen0', 'seen1', 'seen2']);
    expect(ends.slice(0, 3)).to.deep.equal(new Array<string>(3).fill('VIEW_ENDED yes'));
    expect(new Set(ends.slice(3))).to.deep.equal(new Set(['VIEW_ENDED no']));
    expect(await read).to.equal('VIEW_ENDED no');
    expect(group.ends[2]).to.include({ isLeave: false });
    expect(group.ends[2]!.reason).to.match(/^the group goes on without this member after view 0: n2 is lost/);
    expect(await endOf(ref.add('more'))).to.equal('HALTED no');
    expect(group.nodes[2]!.calls.pendingCount).to.equal(0);
  });
});

describe('forwarded calls over a view change', () => {
  it('that nobody had been asked to make are made in the next view, in their order', async () => {
    const group = new NodesByHand(Pair, { count: 4 });
    const far = group.ref(Pair, 2);
    const calls = [far.add('a')];
    group.runAll();
    group.kill(0);
    group.bury(0, 2);
    group.run(2); // node 2 is wedged, and waits for the others
    expect(group.nodes[2]!.member.state).to.equal('wedged');
    calls.push(far.add('b'), far.add('c'));
    const read = far.read();
    group.bury(0, 1, 3);
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 3]);
    expect(await read).to.match(/^a/);
    expect(group.nodes[2]!.calls.pendingCount).to.equal(0);
  });

  it('that a lost member was to make may be made or not; queries changed nothing', async () => {
    const group = new NodesByHand(Pair, { count: 4 });
    const far = group.ref(Pair, 2);
    const calls = [endOf(far.add('a')), endOf(far.read())]; // they are on their way to node 0
    group.kill(0);
    group.bury(0, 1, 2, 3);
    const next = endOf(far.add('b'));
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal(['MEMBER_LOST unknown', 'MEMBER_LOST no']);
    expect(await next, 'there was no way any more').to.equal(1);
  });

  it('are made for nobody who is lost', async () => {
    const group = new NodesByHand(Pair, { count: 5 });
    const far = group.ref(Pair, 4);
    const lost = endOf(far.add('from the lost'));
    group.kill(4);
    group.bury(4, 0, 1, 2, 3);
    group.runAll();
    expect(await isOpen(lost)).to.equal(true);
    const near = endOf(group.ref(Pair, 1).add('b'));
    group.runAll();
    expect(await near).to.be.oneOf([1, 2]);
    expect(group.nodes.slice(0, 4).map(({ calls }) => calls.pendingCount)).to.deep.equal([0, 0, 0, 0]);
  });

  it('meet a member that leaves without an error, and keep their order', async () => {
    const group = new NodesByHand(Pair, { count: 4 });
    const far = group.ref(Pair, 2);
    const calls = ['a', 'b'].map(text => far.add(text));
    group.nodes[2]!.doWork(group.now);
    group.nodes[0]!.leave('a test');
    calls.push(far.add('c')); // node 2 does not know yet
    group.runAll();
    calls.push(far.add('d'));
    group.runAll();
    expect(await Promise.all(calls)).to.deep.equal([1, 2, 3, 4]);
    expect(group.ends[0]).to.include({ isLeave: true });
    expect(group.views[2]!.at(-1)!.left).to.deep.equal(['n0']);
    expect(await group.ref(Pair, 1).$with({ read: 'local' }).read()).to.equal('a,b,c,d');
    expect(group.deadLetters).to.deep.equal([]);
  });
});
