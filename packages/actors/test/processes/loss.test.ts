/**
 * Members that are killed. A group does not outlive that in this version; so what must hold is that everybody is told, in
 * words and with the truth about each call, and that nothing goes on as if nothing had happened.
 */
import { expect } from 'chai';
import {
  Group,
  afterGroup,
  expectOneHistory,
  expectTruth,
  needsProcesses,
  until,
  type TestMember,
} from './group.js';

/** More than a group can do before somebody is killed. */
const ENDLESS = 1_000_000;

describe('a member that is killed', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  for (const [count, victim] of [
    [2, 2],
    [3, 1],
    [3, 3],
    [5, 3],
  ] as const) {
    it(`n${victim} of ${count} under load: all calls settle, and truly`, async () => {
      // No call may be settled by its time: the test would not last so long.
      const group = await Group.running(count, { callTimeout: 600_000 });
      const survivors = group.members.filter(member => member !== group.n(victim));
      const loads = survivors.map(load);
      const lost = load(group.n(victim)).catch((error: Error) => error.message);
      await until(() => group.n(victim).run(({ delivered }) => delivered['ledger']!.length > 500));
      group.n(victim).kill('SIGKILL');

      const reasons = await Promise.all(survivors.map(member => member.heard('halted')));
      const named = new RegExp(`^n${victim} is lost(: its process is gone.*|, as n\\d noticed)$`);
      for (const reason of reasons) expect(reason).to.match(named);
      expect(await lost).to.match(/ended with SIGKILL/);

      const results = await Promise.all(loads);
      const histories = await Promise.all(
        survivors.map(member => member.run(({ delivered }) => delivered['ledger']!)),
      );
      expectOneHistory(histories);
      results.forEach(({ texts, outcomes }, i) => {
        expect(outcomes.some(outcome => outcome.ok)).to.equal(true);
        expectTruth(texts, outcomes, histories[i]!, histories);
      });
      const digests = await group.everywhere(({ cluster, Ledger }) => cluster.digest(Ledger));
      const equal = new Set(histories.map(history => history.length)).size;
      expect(new Set(digests).size, 'equal histories, equal states').to.equal(equal);

      const after = await group.everywhere(async ({ cluster, Ledger, settle }) => ({
        pending: cluster.pendingCalls,
        next: await settle(cluster.get(Ledger, 'x').append('late')),
        query: await settle(cluster.get(Ledger, 'x').size()),
      }));
      for (const { pending, next, query } of after) {
        expect(pending).to.equal(0);
        for (const outcome of [next, query]) expect(outcome).to.include({ code: 'HALTED', didExecute: 'no' });
      }
      await group.close();
      const left = await group.everywhere(({ sharedMemoryLeft }) => sharedMemoryLeft());
      expect(left.flat(), 'memory that is still mapped').to.deep.equal([]);
    });
  }

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

/** Keeps calls under way until the member halts. */
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
