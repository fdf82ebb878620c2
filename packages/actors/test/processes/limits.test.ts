/** What the operating system refuses: files as large as the tables, and the memory of another user's process. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { Group, afterGroup, needsProcesses, type TestMember } from './group.js';

const RING_BYTES = 16 * 1024 * 1024;
/** The id of `nobody` on most systems; whose it is does not matter. */
const SOMEBODY_ELSE = 65_534;

describe('an operating system that refuses', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  it('files as large as a table: MEMORY_UNAVAILABLE, and the other one names who is missing', async function () {
    const group = await Group.start(2);
    const [n1, n2] = group.members as [TestMember, TestMember];
    await n2.heard('started'); // a limit would be in the way of its start
    limitOf(this, n2, 'fsize=1000000');
    await group.begin(() => ({ ringBytes: RING_BYTES, bootstrapTimeout: 600_000 }));
    const refused = await n2.notReady();
    expect(refused.code).to.equal('MEMORY_UNAVAILABLE');
    expect(refused.message).to.match(/^\d{8} bytes of shared memory are refused.*EFBIG.*ulimit -f/);
    const { code, message } = await n1.notReady();
    expect(code).to.equal('MEMBER_LOST');
    expect(message).to.include(n2.process.address);
  });

  it('the memory of another user: PEER_UNREACHABLE, in words', async function () {
    if (process.getuid?.() !== 0) {
      console.log('    skipped: only root can start a process of another user');
      this.skip();
    }
    const group = await Group.start(2);
    const [n1, n2] = group.members as [TestMember, TestMember];
    await n2.run((_, id) => {
      process.setgroups!([]);
      process.setgid!(id);
      process.setuid!(id);
    }, SOMEBODY_ELSE);
    await group.begin(({ id }) => ({
      fabric: 'shared-memory',
      bootstrapTimeout: id === 'n2' ? 1_500 : 600_000,
    }));
    const [first, second] = await Promise.all([n1.notReady(), n2.notReady()]);
    expect(second.code).to.equal('PEER_UNREACHABLE');
    expect(second.message).to.match(/belongs to another user.*run members as the same user/);
    // Root may look into everybody's process, unless it was told that it may not.
    expect(first.code).to.be.oneOf(['HALTED', 'PEER_UNREACHABLE']);
    expect(first.message).to.match(/only 1 of the 2 members|belongs to another user/);
  });
});

function limitOf(context: Mocha.Context, member: TestMember, limit: string): void {
  const { status, error, stderr } = spawnSync('prlimit', [`--pid=${member.process.pid}`, `--${limit}`], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  console.log(`    skipped: prlimit cannot set ${limit}: ${error?.message ?? stderr}`);
  context.skip();
}
