/**
 * Goal: actors work over verbs as they do elsewhere: a group of processes that listens at the address of the device, with a secret,
 * one of which is killed under load. Runs in the virtual machine of scripts/verbs-vm.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { freeAddresses } from '../../src/cli/local/free-addresses.js';
import { Group, afterGroup, expectSameHistory, withoutThem, type TestMember } from '../processes/group.js';

const HOST = '10.77.0.1';
const CALLS = 100;
/** More than a group can do before somebody is killed. */
const ENDLESS = 1_000_000;

describe('a group of processes over verbs', () => {
  afterEach(afterGroup);

  it('answers all calls of everybody; one is killed, and the others answer all of theirs', async () => {
    const group = await Group.at(await freeAddresses(3, HOST));
    await group.begin(() => ({
      fabric: 'libfabric-verbs',
      secret: 'a secret of more than sixteen characters',
      callTimeout: 600_000,
      suspicionTimeout: 60_000, // the processor is emulated; a death is told by the control channel
    }));
    await group.ready();
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    for (const member of group.members) {
      expect(await member.heard('log', /provider/)).to.match(
        /libfabric's provider verbs;ofi_rxm is used \(rxe0\)/,
      );
      expect(pinnedKiB(member)).to.be.greaterThan(0);
    }

    const places = await group.everywhere(async ({ cluster, Ledger }, calls) => {
      const ledger = cluster.get(Ledger, 'x');
      return Promise.all(Array.from({ length: calls }, (_, i) => ledger.append(`${cluster.id}/first/${i}`)));
    }, CALLS);
    const all = places.flat().sort((a, b) => a - b);
    expect(all).to.deep.equal(Array.from({ length: 3 * CALLS }, (_, i) => i));
    const sizes = await n1.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').$all.size());
    expect([...sizes.values()]).to.deep.equal([3 * CALLS, 3 * CALLS, 3 * CALLS]);
    const digests = await group.everywhere(({ cluster, Ledger }) => cluster.digest(Ledger));
    expect(new Set(digests).size).to.equal(1);

    const survivors = [n1, n3];
    const loads = survivors.map(load);
    const lost = load(n2).catch((error: Error) => error.message);
    await n2.run(
      ({ delivered }, length) =>
        new Promise<void>(resolve => {
          const look = (): unknown =>
            delivered['ledger']!.length > length ? resolve() : setTimeout(look, 10);
          look();
        }),
      3 * CALLS + 200,
    );
    n2.kill('SIGKILL');
    await Promise.all(survivors.map(member => withoutThem(member, 'n2')));
    expect(await lost).to.match(/ended with SIGKILL/);
    await Promise.all(survivors.map(member => member.run(({ stopLoads }) => stopLoads())));
    const results = await Promise.all(loads);
    const history = new Set(await expectSameHistory(survivors));
    results.forEach((outcomes, i) => {
      expect(outcomes.filter(({ ok }) => !ok)).to.deep.equal([]);
      for (const index of outcomes.keys()) expect(history.has(`${survivors[i]!.id}/${index}`)).to.equal(true);
    });
    await group.close();
    for (const survivor of survivors) expect(pinnedKiB(survivor), 'KiB that stay pinned').to.equal(0);
  });
});

/** Keeps calls under way until the member is told to stop. */
function load(member: TestMember) {
  return member.run(({ cluster, Ledger, settleAll }, count) => {
    const ledger = cluster.get(Ledger, 'x');
    const window = 20;
    return settleAll(count, window, i => ledger.append(`${cluster.id}/${i}`));
  }, ENDLESS);
}

/** How much of a member's memory stays where it is, because a device may touch it. */
function pinnedKiB({ process: { pid } }: TestMember): number {
  return Number(/^VmPin:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}
