/** All members end and are started again at once, at the same addresses, again and again. */
import { expect } from 'chai';
import { Group, afterGroup, needsProcesses } from './group.js';

const TIMES = 10;

describe('a group that is started again at its addresses', function () {
  this.timeout(60_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  it(`${TIMES} times: works each time, however the one before ended`, async () => {
    let group = await Group.start(3);
    for (let time = 0; ; time++) {
      await group.begin();
      await group.ready();
      const places = await group.everywhere(({ cluster, Ledger }) =>
        cluster.get(Ledger, 'x').append(cluster.id),
      );
      expect(places.sort(), `time ${time}`).to.deep.equal([0, 1, 2]);
      if (time === TIMES) break;
      const signal = time % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
      for (const member of group.members) member.kill(signal);
      const ends = await Promise.all(group.members.map(member => member.process.ended));
      for (const end of ends) expect(end).to.include({ signal });
      group = await Group.at(group.seeds);
    }
  });
});
