/** SIGTERM means leave: what a process does with it, alone and where the program has its own mind. */
import { expect } from 'chai';
import { Group, afterGroup, needsProcesses, until, type TestMember } from './group.js';

const CALLS = 2_000;

describe('SIGTERM', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  it('has what was sent delivered everywhere, then ends the process by the signal', async () => {
    const group = await Group.running(3);
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    await n2.run(({ cluster, Ledger }, calls) => {
      const ledger = cluster.get(Ledger, 'x');
      for (let i = 0; i < calls; i++) ledger.$tell.append(`${i}`);
      process.kill(process.pid, 'SIGTERM');
    }, CALLS);
    expect(await n2.process.ended).to.deep.include({ signal: 'SIGTERM', status: undefined });
    expect(n2.textsOf('deadLetter')).to.deep.equal([]);
    const sent = Array.from({ length: CALLS }, (_, i) => `${i}`);
    for (const member of [n1, n3]) {
      expect(await member.heard('view', /view 1/)).to.equal('view 1 of n1, n3 without n2');
      expect(await member.run(({ delivered }) => delivered['ledger'])).to.deep.equal(sent);
    }
    const places = await Promise.all(
      [n1, n3].map(member =>
        member.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').append(cluster.id)),
      ),
    );
    expect(places.sort(), 'the group goes on').to.deep.equal([CALLS, CALLS + 1]);
    const digests = await group.everywhere(({ cluster, Ledger }) => cluster.digest(Ledger));
    expect(new Set(digests).size).to.equal(1);
  });

  it('for all members at once ends all of them', async () => {
    const group = await Group.running(3);
    for (const member of group.members) member.kill('SIGTERM');
    for (const member of group.members) expect(await member.process.ended).to.include({ signal: 'SIGTERM' });
  });

  it('ends a process that still waits for founders, and no error of a group that never was', async () => {
    const group = await Group.start(1, { absent: 1 });
    await group.begin();
    const said = group
      .n(1)
      .notReady()
      .catch((error: Error) => error.message);
    group.n(1).kill('SIGTERM');
    expect(await said).to.match(/^n1 ended with SIGTERM/);
    expect(await group.n(1).process.ended).to.include({ signal: 'SIGTERM' });
  });

  it('a second time ends the process at once, whoever it still waits for', async () => {
    const group = await Group.running(2);
    const [n1, n2] = group.members as [TestMember, TestMember];
    n2.kill('SIGSTOP'); // what n1 sends is not acknowledged
    const call = n1.run(({ cluster, Ledger, settle }) => settle(cluster.get(Ledger, 'x').append('sent')));
    n1.kill('SIGTERM');
    await until(() => n1.run(() => process.listenerCount('SIGTERM') === 0));
    n1.kill('SIGTERM');
    const said = await call.catch((error: Error) => error.message);
    expect(said, 'it did not wait for its call').to.match(/^n1 ended with SIGTERM/);
    n2.kill('SIGCONT');
    expect(await n2.heard('halted')).to.match(/^only 1 of the 2 members of view 0/);
  });

  it('has a member leave and leaves the rest to a program that listens itself', async () => {
    const group = await Group.running(2);
    const [n1, n2] = group.members as [TestMember, TestMember];
    const heard = n1.run(() => new Promise<string>(resolve => void process.once('SIGTERM', resolve)));
    // The listener is there when the next task is answered.
    await n1.run(({ cluster }) => cluster.id);
    n1.kill('SIGTERM');
    expect(await heard).to.equal('SIGTERM');
    expect(await n2.heard('view', /view 1/)).to.equal('view 1 of n2 without n1');
    const outcome = await n1.run(async ({ cluster, Ledger, settle }) => {
      await cluster.close();
      return settle(cluster.get(Ledger, 'x').append('late'));
    });
    expect(outcome, 'the process goes on').to.include({ code: 'CLOSED', didExecute: 'no' });
  });

  it('is none of our business with leaveOnSignal: false', async () => {
    const group = await Group.running(2, { leaveOnSignal: false });
    const [n1, n2] = group.members as [TestMember, TestMember];
    n1.kill('SIGTERM');
    expect(await n1.process.ended).to.include({ signal: 'SIGTERM' });
    expect(await n2.heard('halted')).to.match(/^only 1 of the 2 members of view 0/);
  });
});
