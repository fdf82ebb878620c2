/**
 * Members that are killed, and members that stand still for so long that they are taken for lost. The others go on in a view
 * without them, no call of theirs fails, and whoever is left behind is told so, in words and with the truth about each call.
 */
import { expect } from 'chai';
import {
  Group,
  afterGroup,
  expectSameHistory,
  expectTruth,
  needsProcesses,
  until,
  withoutThem,
  type TestMember,
} from './group.js';

/** More than a group can do in the time of a test. */
const ENDLESS = 1_000_000;
/** No call may be settled by its time: the test would not last so long. */
const CALL_TIMEOUT = 600_000;
/** Where members must be taken for lost by their silence. */
const SHORT_SUSPICION = 300;
/** Where they are lost for certain, and the last one is to halt soon. */
const SUSPICION = 1_000;

describe('a member that is lost', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  for (const [count, victim] of [
    [3, 1],
    [3, 3],
    [5, 3],
  ] as const) {
    it(`n${victim} of ${count} by SIGKILL under load: the others answer all calls, and agree`, async () => {
      const group = await Group.running(count, { callTimeout: CALL_TIMEOUT });
      const lost = group.n(victim);
      const survivors = group.members.filter(member => member !== lost);
      const loads = survivors.map(load);
      const lostLoad = load(lost).catch((error: Error) => error.message);
      await delivers(lost, 500);
      lost.kill('SIGKILL');
      expect(await lostLoad).to.match(/ended with SIGKILL/);
      await goOnWithout(survivors, lost);

      const results = await Promise.all(loads);
      const answered = new Set(await expectSameHistory(survivors));
      for (const { texts, outcomes } of results) {
        expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
        for (const text of texts) expect(answered.has(text), text).to.equal(true);
      }
      const views = await survivors[0]!.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').views());
      expect(views[0]).to.equal('view 0 after 0');
      expect(views[1]).to.match(/^view 1 after \d{3,}$/);
      expect(views).to.have.lengthOf(2);
      expect(await pendingCalls(survivors)).to.deep.equal(survivors.map(() => 0));
      await group.close();
      const left = await group.everywhere(({ sharedMemoryLeft }) => sharedMemoryLeft());
      expect(left.flat(), 'memory that is still mapped').to.deep.equal([]);
    });
  }

  it('by SIGKILL, one after the other of five: three go on, and more than half must always agree', async () => {
    const group = await Group.running(5, {
      callTimeout: CALL_TIMEOUT,
      suspicionTimeout: SUSPICION,
    });
    const [n1, n2, n3, n4, n5] = group.members as [
      TestMember,
      TestMember,
      TestMember,
      TestMember,
      TestMember,
    ];
    const loads = [n1, n2].map(load);
    for (const [lost, others] of [
      [n4, [n1, n2, n3, n5]],
      [n5, [n1, n2, n3]],
      [n3, [n1, n2]],
    ] as const) {
      await delivers(n1, (await deliveredAt(n1)) + 100);
      lost.kill('SIGKILL');
      await Promise.all(others.map(member => withoutThem(member, lost.id)));
    }
    await Promise.all([n1, n2].map(stopLoads));
    for (const { outcomes } of await Promise.all(loads))
      expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    await expectSameHistory([n1, n2]);
    n1.kill('SIGKILL'); // one of two is not more than half
    expect(await n2.heard('halted')).to.match(/^only 1 of the 2 members of view 3/);
  });

  it('of two by SIGKILL: the other one halts, in words, and says what is true of each call', async () => {
    const group = await Group.running(2, {
      callTimeout: CALL_TIMEOUT,
      suspicionTimeout: SUSPICION,
    });
    const [n1, n2] = group.members as [TestMember, TestMember];
    const mine = load(n1);
    const theirs = load(n2).catch((error: Error) => error.message);
    await delivers(n2, 500);
    n2.kill('SIGKILL');
    expect(await n1.heard('halted')).to.match(
      /^only 1 of the 2 members of view 0 .* more than half must agree; n\d is lost: /,
    );
    expect(await theirs).to.match(/ended with SIGKILL/);
    const { texts, outcomes } = await mine;
    expect(outcomes.some(({ ok }) => ok)).to.equal(true);
    expectTruth(texts, outcomes, await n1.run(({ delivered }) => delivered['ledger']!));
    await expectHalted(n1);
  });

  it('for standing still: it halts when it goes on, its process lives, and its calls say the truth', async () => {
    const group = await Group.running(3, {
      callTimeout: CALL_TIMEOUT,
      suspicionTimeout: SHORT_SUSPICION,
    });
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    const [ofN1, ofN2, ofN3] = [n1, n2, n3].map(load) as [Load, Load, Load];
    await delivers(n3, 500);
    n3.kill('SIGSTOP');
    await goOnWithout([n1, n2], n3);
    n3.kill('SIGCONT');
    expect(await n3.heard('halted')).to.match(
      /^(the group goes on without this member after view 0|only 1 of the 3 members of view 0)/,
    );
    for (const { outcomes } of await Promise.all([ofN1, ofN2]))
      expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
    const history = await expectSameHistory([n1, n2]);
    const { texts, outcomes } = await ofN3;
    expect(outcomes.some(({ ok }) => ok)).to.equal(true);
    expectTruth(texts, outcomes, history);
    const own = await n3.run(({ delivered }) => delivered['ledger']!);
    expect(own, 'it has seen a part of the same').to.deep.equal(history.slice(0, own.length));
    await expectHalted(n3);
    expect(n3.process.isRunning).to.equal(true);
  });

  it('before it has answered a founder: its address is named, and what is wrong there', async () => {
    const group = await Group.start(3);
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    await n3.begin();
    n3.kill('SIGSTOP'); // it listens, and does not answer
    await Promise.all([n1, n2].map(member => member.begin({ bootstrapTimeout: 600_000 })));
    n3.kill('SIGKILL');
    for (const member of [n1, n2]) {
      const expected = `the founder at ${group.seeds[2]} (nobody listens there (ECONNREFUSED))`;
      await until(() => member.run(({ cluster }, text) => cluster.waitingFor.join() === text, expected));
    }
  });
});

type Load = ReturnType<typeof load>;

/** Keeps calls under way until the member halts or is told to stop. */
async function load(
  member: TestMember,
): Promise<{ texts: string[]; outcomes: Awaited<ReturnType<typeof burst>> }> {
  const outcomes = await burst(member);
  return { texts: outcomes.map((_, i) => `${member.id}/${i}`), outcomes };
}

function burst(member: TestMember) {
  return member.run(({ cluster, Ledger, settleAll }, count) => {
    const ledger = cluster.get(Ledger, 'x');
    const window = 50;
    return settleAll(count, window, i => ledger.append(`${cluster.id}/${i}`));
  }, ENDLESS);
}

function stopLoads(member: TestMember): Promise<void> {
  return member.run(({ stopLoads }) => stopLoads());
}

function deliveredAt(member: TestMember): Promise<number> {
  return member.run(({ delivered }) => delivered['ledger']!.length);
}

function delivers(member: TestMember, count: number): Promise<void> {
  return until(async () => (await deliveredAt(member)) > count);
}

/** They run a view without that one, work in it for a while, and then rest. */
async function goOnWithout(survivors: readonly TestMember[], lost: TestMember): Promise<void> {
  await Promise.all(survivors.map(member => withoutThem(member, lost.id)));
  const [first] = survivors as [TestMember];
  await delivers(first, (await deliveredAt(first)) + 500);
  await Promise.all(survivors.map(stopLoads));
  for (const member of survivors) expect(member.textsOf('halted')).to.deep.equal([]);
}

function pendingCalls(members: readonly TestMember[]): Promise<number[]> {
  return Promise.all(members.map(member => member.run(({ cluster }) => cluster.pendingCalls)));
}

/** It has settled all its calls, and refuses new ones by typed errors. */
async function expectHalted(member: TestMember): Promise<void> {
  const { pending, next, query } = await member.run(async ({ cluster, Ledger, settle }) => ({
    pending: cluster.pendingCalls,
    next: await settle(cluster.get(Ledger, 'x').append('late')),
    query: await settle(cluster.get(Ledger, 'x').size()),
  }));
  expect(pending).to.equal(0);
  for (const outcome of [next, query]) expect(outcome).to.include({ code: 'HALTED', didExecute: 'no' });
}
