/**
 * Goal: the protocol holds over verbs. Three processes are members of a view, everybody sends messages of all sizes, and the
 * simulator's checkers judge what each has delivered; so they do where one is killed in the midst of it.
 */
import { expect } from 'chai';
import { MemberGroup, type MemberProcess } from './member-group.js';
import { RecordedRun } from './recorded-run.js';

const MEMBERS = 3;
const MESSAGES = 1000;
/** So many were delivered by each when one is killed. */
const MANY = 300;

describe('three members over verbs', () => {
  let group: MemberGroup;

  // The same processes for both tests: to start one takes seconds where the processor is emulated.
  before(() => {
    group = new MemberGroup(MEMBERS);
    return group.ready();
  });
  after(() => group.end());

  it(`deliver ${MEMBERS * MESSAGES} messages of up to 100 KiB in one order, each as it was sent, and let go of all memory`, async () => {
    group.begin(MESSAGES, MEMBERS * MESSAGES);
    await Promise.all(group.members.map(member => member.heard('reached')));
    const reports = await Promise.all(group.members.map(member => member.report()));
    const run = new RecordedRun(reports);
    run.checkOrder();
    run.checkSettled();
    for (const { said, pinnedKiB } of reports) {
      expect(said).to.deep.equal(["libfabric's provider verbs;ofi_rxm is used (rxe0)"]);
      expect(pinnedKiB).to.be.greaterThan(0);
    }
    for (const member of group.members) member.send({ do: 'close' });
    for (const member of group.members) expect((await member.heard('closed')).pinnedKiB).to.equal(0);
  });

  it('go on without one that is killed under load, and the histories of the others agree', async () => {
    group.begin(Infinity, MANY);
    const [first, killed, last] = group.members as [MemberProcess, MemberProcess, MemberProcess];
    await Promise.all(group.members.map(member => member.heard('reached')));
    killed.kill('SIGKILL');
    const survivors = [first, last];
    for (const survivor of survivors) {
      const { reason } = await survivor.heard('goesOn');
      expect(reason).to.match(/^n1 is lost/);
    }
    const reports = await Promise.all(survivors.map(survivor => survivor.report()));
    new RecordedRun([reports[0], undefined, reports[1]]).checkOrder();
    for (const { state, sender } of reports) {
      expect(state).to.equal('running');
      expect(sender.length).to.be.greaterThan(MANY - 1);
    }
    for (const survivor of survivors) survivor.send({ do: 'close' });
    for (const survivor of survivors) expect((await survivor.heard('closed')).pinnedKiB).to.equal(0);
    for (const survivor of survivors) survivor.send({ do: 'hangUp' });
    expect(await Promise.all(group.members.map(member => member.ended))).to.deep.equal([0, 'SIGKILL', 0]);
  });
});
