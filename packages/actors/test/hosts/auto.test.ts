/** Goal: with `fabric: 'auto'` one group spans hosts: by shared memory within each, by libfabric between them. */
import { expect } from 'chai';
import { chooseFabric } from '@bowecho/actors/local';
import { TestMember } from '../processes/group.js';
import { TestHost, whyNoHosts } from './host.js';

const SECRET = 'a secret of all these hosts';
const CALLS = 200;

const NETWORKS = [
  { name: 'IPv4', hosts: ['10.88.0.1', '10.88.0.2'], prefix: 24, at: (host: string) => host },
  { name: 'IPv6', hosts: ['fd88::1', 'fd88::2'], prefix: 64, at: (host: string) => `[${host}]` },
] as const;

for (const { name, hosts: addresses, prefix, at } of NETWORKS) {
  describe(`a group on two hosts, ${name}`, () => {
    const hosts: TestHost[] = [];
    const members: TestMember[] = [];
    let all: readonly TestMember[] = [];

    before(async function () {
      const why = whyNoHosts() ?? (await chooseFabric('libfabric-tcp')).why;
      if (why !== undefined) {
        console.log(`    skipped: ${why}`);
        this.skip();
      }
      for (let i = 0; i < addresses.length; i++) hosts.push(await TestHost.start());
      const [a, b] = hosts;
      TestHost.connect(a!, [`${addresses[0]}/${prefix}`], b!, [`${addresses[1]}/${prefix}`]);
      const seeds = addresses.flatMap(address => [1, 2].map(port => `${at(address)}:740${port}`));
      for (const [i, seed] of seeds.entries()) {
        const host = hosts[i >> 1]!;
        members.push(
          await TestMember.start(`n${i + 1}`, seed, seeds, { execPath: host.node, fabric: 'auto' }),
        );
      }
      all = [...members];
      await Promise.all(members.map(member => member.begin({ secret: SECRET })));
      await Promise.all(members.map(member => member.ready()));
    });

    after(async () => {
      for (const host of hosts) await host.close(); // ends the members too
      await Promise.all(all.map(member => member.process.ended));
    });

    it('delivers the same to all, in one order', async () => {
      const append = (id: string, calls: number): Promise<void>[] =>
        members.map(member =>
          member.run(
            async ({ cluster, Ledger }, name, count) => {
              const ledger = cluster.get(Ledger, 'main');
              const texts = Array.from({ length: count }, (_, i) => `${name} ${i}`);
              await Promise.all(texts.map(text => ledger.append(text)));
            },
            `${id} of ${member.id}`,
            calls,
          ),
        );
      await Promise.all(append('call', CALLS));
      await Promise.all(append('last', 1)); // whoever has its own last one has all the others' calls
      const histories = await Promise.all(
        members.map(member =>
          member.run(({ delivered }) => delivered['ledger']!.filter(text => text.startsWith('call'))),
        ),
      );
      expect(histories[0]).to.have.length(CALLS * members.length);
      for (const history of histories.slice(1)) expect(history).to.deep.equal(histories[0]);
    });

    it('reaches members of the same host by shared memory, and others by libfabric, with a word', () => {
      for (const member of members) {
        const words = member.textsOf('log').filter(text => text.includes('a peer is reached by libfabric'));
        expect(words, member.id).to.have.length(2);
        for (const word of words) expect(word).to.match(/runs in another pid namespace/);
      }
    });

    it('goes on when a member of another host is killed', async () => {
      const [killed] = members.splice(3, 1);
      void killed!.run(() => void process.kill(process.pid, 'SIGKILL')).catch(() => {}); // it does not answer
      for (const member of members)
        expect(await member.heard('view', /view 1/)).to.equal('view 1 of n1, n2, n3 without n4');
      const places = await Promise.all(
        members.map(member =>
          member.run(({ cluster, Ledger }) => cluster.get(Ledger, 'main').append(cluster.id)),
        ),
      );
      const [first] = places.sort((a, b) => a - b) as [number];
      expect(places).to.deep.equal([first, first + 1, first + 2]);
    });
  });
}
