/** Calls of members that hold no replica, in a group of four processes of which two do, and what becomes of them. */
import { expect } from 'chai';
import {
  Group,
  afterGroup,
  expectTruth,
  needsProcesses,
  until,
  withoutThem,
  type TestMember,
} from './group.js';
import type { Here } from './member.js';

describe('a call from a process without a replica', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  it('gets what the replicas give: results, refusals, dead letters, everybody', async () => {
    const group = await Group.running(4);
    const places = await group.everywhere(({ cluster, Pair }) => cluster.get(Pair, 'x').append(cluster.id));
    expect(places.sort()).to.deep.equal([0, 1, 2, 3]);
    const keys = await group.everywhere(({ cluster, Pair }) => cluster.keys(Pair));
    expect(keys, 'two hold it').to.deep.equal([['x'], ['x'], [], []]);

    const said = await group.n(3).run(async ({ cluster, Pair, settle }) => {
      const pair = cluster.get(Pair, 'x');
      pair.$tell.refuse('by tell');
      const gone = new AbortController();
      gone.abort(new Error('changed my mind'));
      return {
        refused: await settle(pair.refuse('so')),
        size: await settle(pair.size()),
        sizes: await settle(pair.$all.size()),
        appended: await settle(pair.$all.append('to all')),
        aborted: await settle(pair.$with({ signal: gone.signal }).append('never')),
      };
    });
    expect(said.refused).to.deep.include({
      ok: false,
      code: 'REFUSED',
      message: 'no so here',
      didExecute: 'no',
      details: { text: 'so', places: 5 },
    });
    expect(said.size).to.deep.equal({ ok: true, value: 4 });
    const both = (value: number): unknown => ({
      ok: true,
      value: new Map([
        ['n1', value],
        ['n2', value],
      ]),
    });
    expect(said.sizes).to.deep.equal(both(4));
    expect(said.appended).to.deep.equal(both(4));
    expect(said.aborted).to.include({ ok: false, code: 'ABORTED', didExecute: 'no' });
    expect(await group.n(3).heard('deadLetter')).to.equal('REFUSED no by tell here');
  });

  it('is given up by its signal while nobody answers, and the next one is answered all the same', async () => {
    const group = await Group.running(4);
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    n1.kill('SIGSTOP');
    const outcome = await n3.run(async ({ cluster, Pair, settle }) => {
      const change = new AbortController();
      const call = settle(cluster.get(Pair, 'x').$with({ signal: change.signal }).append('given up'));
      change.abort(new Error('changed my mind'));
      return call;
    });
    expect(outcome).to.include({ ok: false, code: 'ABORTED', didExecute: 'unknown' });
    n1.kill('SIGCONT');
    // Both travel the same way, so when the next one is answered the first one has been dealt with.
    await n3.run(({ cluster, Pair }) => cluster.get(Pair, 'x').append('next'));
    const delivered = await n2.run(({ delivered }) => delivered['pair']!);
    expect(delivered.filter(text => text === 'next')).to.have.lengthOf(1);
  });

  it('whose executing member is killed before it is stable: nobody knows, whether it is made or not', async () => {
    const group = await Group.running(4, { callTimeout: 600_000, suspicionTimeout: 600_000 });
    const [n1, n2, n3, n4] = group.members as [TestMember, TestMember, TestMember, TestMember];
    n2.kill('SIGSTOP'); // nothing becomes stable without it
    const call = n3.run(({ cluster, Pair, settle }) => settle(cluster.get(Pair, 'x').append('sent')));
    await until(() => n1.run(({ cluster }) => cluster.pendingCalls > 0));
    n1.kill('SIGKILL');
    const outcome = await call;
    expect(outcome).to.include({ ok: false, code: 'MEMBER_LOST', didExecute: 'unknown' });
    expect((outcome as { message: string }).message).to.include('n1');
    const next = n3.run(({ cluster, Pair }) => cluster.get(Pair, 'x').append('next')); // for whom there is nobody yet
    n2.kill('SIGCONT');
    await Promise.all([n2, n3, n4].map(member => withoutThem(member, 'n1')));
    await next;
    const delivered = await n2.run(({ delivered }) => delivered['pair']!);
    expect(delivered.join()).to.be.oneOf(['next', 'sent,next']);
  });

  it('under load, and a replica is killed: those that went to it are not known, all others are answered', async () => {
    const group = await Group.running(4, { callTimeout: 600_000 });
    const [n1, ...survivors] = group.members as [TestMember, TestMember, TestMember, TestMember];
    const loads = survivors.map(load);
    await until(() => n1.run(({ delivered }) => delivered['pair']!.length > 300));
    n1.kill('SIGKILL');
    const results = await goOnWithoutN1(survivors, loads);
    const history = await survivors[0].run(({ delivered }) => delivered['pair']!);
    expect(new Set(history).size, 'delivered twice').to.equal(history.length);
    results.forEach((outcomes, i) => {
      const { id } = survivors[i]!;
      const failed = outcomes.filter(({ ok }) => !ok);
      if (id !== 'n3') expect(failed, id).to.deep.equal([]); // n3 forwarded to n1
      for (const outcome of failed)
        expect(outcome).to.include({ code: 'MEMBER_LOST', didExecute: 'unknown' });
      expectTruth(
        outcomes.map((_, index) => `${id}/${index}`),
        outcomes,
        history,
      );
      expectInOrder(history, id);
    });
  });

  it('under load, and a replica leaves: all are answered, in their order', async () => {
    const group = await Group.running(4, { callTimeout: 600_000 });
    const [n1, ...others] = group.members as [TestMember, TestMember, TestMember, TestMember];
    const loads = others.map(load);
    await until(() => n1.run(({ delivered }) => delivered['pair']!.length > 300));
    await n1.run(({ cluster }) => cluster.close());
    const results = await goOnWithoutN1(others, loads);
    const history = await others[0].run(({ delivered }) => delivered['pair']!);
    results.forEach((outcomes, i) => {
      const { id } = others[i]!;
      expect(
        outcomes.filter(({ ok }) => !ok),
        id,
      ).to.deep.equal([]);
      expectTruth(
        outcomes.map((_, index) => `${id}/${index}`),
        outcomes,
        history,
      );
      expectInOrder(history, id);
    });
    expect(n1.textsOf('deadLetter')).to.deep.equal([]);
  });
});

/** Keeps calls under way until it is told to stop. */
function load(member: TestMember) {
  return member.run(({ cluster, Pair, settleAll }) => {
    const pair = cluster.get(Pair, 'x');
    return settleAll(1_000_000, 20, i => pair.append(`${cluster.id}/${i}`));
  });
}

/** The others run a view without n1, work in it for a while, and then rest. */
async function goOnWithoutN1(others: readonly TestMember[], loads: readonly ReturnType<typeof load>[]) {
  await Promise.all(others.map(member => withoutThem(member, 'n1')));
  const [n2] = others as [TestMember];
  const length = await n2.run(({ delivered }) => delivered['pair']!.length);
  for (const { id } of others) {
    const isBack = ({ delivered }: Here, from: number, prefix: string): boolean =>
      delivered['pair']!.slice(from).some(text => text.startsWith(prefix));
    await until(() => n2.run(isBack, length, `${id}/`));
  }
  await Promise.all(others.map(member => member.run(({ stopLoads }) => stopLoads())));
  return Promise.all(loads);
}

function expectInOrder(history: readonly string[], id: string): void {
  const own = history
    .filter(text => text.startsWith(`${id}/`))
    .map(text => Number(text.slice(id.length + 1)));
  expect(own, `the calls of ${id}`).to.deep.equal([...own].sort((a, b) => a - b));
}
