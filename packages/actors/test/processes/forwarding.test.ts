/** Calls of members that hold no replica, in a group of four processes of which two do, and what becomes of them. */
import { expect } from 'chai';
import { Group, afterGroup, expectTruth, needsProcesses, until, type TestMember } from './group.js';

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
    const group = await Group.running(4, { callTimeout: 600_000 });
    const [n1, n2, n3, n4] = group.members as [TestMember, TestMember, TestMember, TestMember];
    n2.kill('SIGSTOP'); // nothing becomes stable without it
    const call = n3.run(({ cluster, Pair, settle }) => settle(cluster.get(Pair, 'x').append('sent')));
    await until(() => n1.run(({ cluster }) => cluster.pendingCalls > 0));
    n1.kill('SIGKILL');
    const outcome = await call;
    expect(outcome).to.include({ ok: false, didExecute: 'unknown' });
    expect((outcome as { code: string }).code).to.be.oneOf(['MEMBER_LOST', 'VIEW_ENDED']);
    expect((outcome as { message: string }).message).to.include('n1');
    n2.kill('SIGCONT');
    await Promise.all([n2, n3, n4].map(member => member.heard('halted')));
    // n1 had acknowledged it, so n2 may have delivered it before it saw the end of the view.
    const delivered = await n2.run(({ delivered }) => delivered['pair']!);
    expect(delivered).to.satisfy((texts: string[]) => texts.length === 0 || texts.join() === 'sent');
  });

  it('under load, and a replica is killed: each call says the truth', async () => {
    const group = await Group.running(4, { callTimeout: 600_000 });
    const [n1, ...survivors] = group.members as [TestMember, TestMember, TestMember, TestMember];
    const loads = survivors.map(member =>
      member.run(({ cluster, Pair, settleAll }) => {
        const pair = cluster.get(Pair, 'x');
        return settleAll(1_000_000, 20, i => pair.append(`${cluster.id}/${i}`));
      }),
    );
    await until(() => n1.run(({ delivered }) => delivered['pair']!.length > 300));
    n1.kill('SIGKILL');
    const outcomes = await Promise.all(loads);
    const history = await survivors[0].run(({ delivered }) => delivered['pair']!);
    expect(new Set(history).size, 'delivered twice').to.equal(history.length);
    outcomes.forEach((mine, i) => {
      const member = survivors[i]!;
      const texts = mine.map((_, index) => `${member.id}/${index}`);
      expect(mine.some(outcome => outcome.ok)).to.equal(true);
      // What n1 delivered and answered, and nobody else delivered, nobody can show any more.
      const isByN1 = member.id === 'n3';
      const answered = isByN1 ? texts.filter((_, index) => mine[index]!.ok) : history;
      expectTruth(texts, mine, answered, [history]);
    });
  });
});
