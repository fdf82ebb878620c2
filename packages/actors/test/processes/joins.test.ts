/**
 * A member that was killed comes back at its address and joins the group, which works meanwhile. Here all of it is real: the
 * processes, the control channel, the fabric.
 */
import { expect } from 'chai';
import type { MemberConfig } from './conversation.js';
import { Group, TestMember, afterGroup, needsProcesses, until, withoutThem } from './group.js';

describe('a member that comes back', function () {
  this.timeout(60_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(afterGroup);

  async function comesBack(group: Group, number: number, config: MemberConfig = {}): Promise<TestMember> {
    const address = group.seeds[number - 1]!;
    const again = await TestMember.start(`n${number}`, address, group.seeds);
    (group.members as TestMember[])[number - 1] = again;
    await again.begin(config);
    await again.ready();
    return again;
  }

  /** State of the ledger at each of them, once all have delivered what was sent before. */
  async function digests(group: Group): Promise<string[]> {
    await group.everywhere(({ cluster, Ledger }) => cluster.get(Ledger, 'last').append(cluster.id));
    return group.everywhere(async ({ cluster, Ledger }) => {
      await cluster.get(Ledger, 'last').size(); // a read that waits for all that was received
      return cluster.digest(Ledger);
    });
  }

  it('knows what happened without it, and works', async () => {
    const group = await Group.running(3);
    const [n1, n2] = group.members as [TestMember, TestMember];
    await n1.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').append('before'));
    n2.kill('SIGKILL');
    await withoutThem(n1, 'n2');
    await n1.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').append('without'));
    const again = await comesBack(group, 2);
    expect(await again.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').placeOf('without'))).to.equal(1);
    expect(await again.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').append('again'))).to.equal(2);
    expect(await n1.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').size())).to.equal(3);
    expect(new Set(await digests(group)).size).to.equal(1);
  });

  it('makes up for what a shard lacks: until then all stand still, and then calls end as if nothing had been', async () => {
    const config = { needsTwo: true, callTimeout: 60_000 };
    for (const number of [1, 2]) {
      const group = await Group.running(3, config);
      const others = group.members.filter((_, i) => i !== number - 1);
      const n3 = group.n(3);
      await n3.run(({ cluster, PairOfTwo }) => cluster.get(PairOfTwo, 'x').append('before'));
      group.n(number).kill('SIGKILL');
      const lacks = 'a replica (pair shard 0: 1 of at least 2 replicas is left)';
      for (const member of others)
        await until(async () => (await member.run(({ cluster }) => cluster.waitingFor)).includes(lacks));
      const survivor = number === 1 ? 'n2' : 'n1';
      const held = await others[0]!.run(({ cluster }) => cluster.layout());
      expect(held).to.deep.include({ view: 0, missing: ['pair shard 0: 1 of at least 2 replicas is left'] });
      expect(held!.types[1]).to.deep.include({ name: 'pair', minReplicas: 2, maxReplicas: 2 });
      expect(held!.types[1]!.shards).to.deep.equal([
        { shards: [0], replicas: ['n1', 'n2'], senders: ['n1', 'n2'] },
      ]);
      const calls = others.map(member =>
        member.run(({ cluster, Ledger, PairOfTwo }) =>
          Promise.all([
            cluster.get(PairOfTwo, 'x').append(`of ${cluster.id}`),
            cluster.get(Ledger, 'x').append(`of ${cluster.id}`),
          ]),
        ),
      );
      const again = await comesBack(group, number, config);
      await Promise.all(calls);
      expect(await again.run(({ cluster, PairOfTwo }) => cluster.get(PairOfTwo, 'x').size())).to.equal(3);
      expect(new Set(await digests(group)).size).to.equal(1);
      const after = await n3.run(({ cluster }) => cluster.layout());
      expect([after!.missing, after!.types[1]!.shards[0]!.replicas]).to.deep.equal([
        [],
        [survivor, `n${number}`],
      ]);
      await group.close();
    }
  });

  it('learns while the others work', async () => {
    const group = await Group.running(3);
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    await n1.run(async ({ cluster, Ledger }) => {
      const text = 'x'.repeat(2_000);
      await Promise.all(
        Array.from({ length: 5_000 }, (_, i) => cluster.get(Ledger, `k${i % 500}`).append(`${i} ${text}`)),
      );
    });
    n2.kill('SIGKILL');
    await Promise.all([n1, n3].map(member => withoutThem(member, 'n2')));
    const loads = [n1, n3].map(member =>
      member.run(async ({ cluster, Ledger }) => {
        const places = globalThis as { stop?: boolean };
        let count = 0;
        for (; places.stop !== true; count++) {
          const key = `k${(count * 7) % 600}`; // some of them are new
          await cluster
            .get(Ledger, key)
            .$with({ idempotencyKey: `${cluster.id}/${count}` })
            .append(`${cluster.id} ${count}`);
        }
        return count;
      }),
    );
    const again = await comesBack(group, 2);
    await again.run(({ cluster, Ledger }) => cluster.get(Ledger, 'k1').append('again'));
    for (const member of [n1, n3])
      await member.run(() => {
        (globalThis as { stop?: boolean }).stop = true;
      });
    const counts = await Promise.all(loads);
    for (const count of counts) expect(count).to.be.greaterThan(0);
    expect(new Set(await digests(group)).size).to.equal(1);
    const keys = await group.everywhere(({ cluster, Ledger }) => cluster.keys(Ledger).length);
    expect(new Set(keys).size).to.equal(1);
  });

  it('can be each of them, one after the other, until nobody is a founder', async () => {
    const group = await Group.running(3);
    for (const number of [1, 2, 3, 1]) {
      const left = group.members.filter((_, i) => i !== number - 1);
      const before = await left[0]!.run(({ cluster }) => cluster.view!.id);
      group.n(number).kill('SIGKILL');
      await Promise.all(
        left.map(member => until(() => member.run(({ cluster }, vid) => cluster.view!.id > vid, before))),
      );
      await left[0]!.run(
        ({ cluster, Ledger }, text) => cluster.get(Ledger, 'x').append(text),
        `w/o ${number} ${before}`,
      );
      const again = await comesBack(group, number);
      await again.run(
        ({ cluster, Ledger }, text) => cluster.get(Ledger, 'x').append(text),
        `with ${number} ${before}`,
      );
    }
    expect(await group.n(2).run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').size())).to.equal(8);
    expect(new Set(await digests(group)).size).to.equal(1);
  });
});
