/**
 * Goal: where the interface, its address or the device goes away while a fabric is used, whoever writes is told and nothing hangs;
 * a new fabric is refused in words, or goes another way if it may. Everything is as before once it is back.
 *
 * Each time with a device and in a process of their own: the kernel keeps a device until the last process that has opened it ends,
 * and soft-RoCE of Linux 6.1 makes no more connections once a packet found its interface down.
 */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { runScript } from '../script.js';
import { VERBS } from './verbs-host.js';

const HOST = '10.77.1.1';
/** What hangs is ended, and the test fails. */
const BOUNDED = { through: ['timeout', '50'] };

const run = (command: string): unknown => execFileSync('bash', ['-c', command]);

/**
 * Two fabrics write to each other, small spans and large ones; then it is taken away. Says which of the two were told, what is
 * said of new fabrics, and that both have closed.
 */
const USE = (takeAway: string): string => `
import { spawn } from 'node:child_process';
const options = { host: '${HOST}' };
const fabrics = [0, 1].map(() => createFabric('${VERBS}', options));
const regions = fabrics.map(fabric => fabric.register(65536));
const peers = [0, 1].map(i => fabrics[i].connect(fabrics[1 - i].address, regions[1 - i].key, regions[i]));
const events = new Int32Array(20);
const told = [0, 0];
const spans = [[0, 60000], [60000, 8]];
const turn = () => new Promise(resolve => setImmediate(resolve));
const writeUntil = async isDone => {
  const end = performance.now() + 30_000;
  while (!isDone()) {
    if (performance.now() > end) throw new Error('30 s in vain: ' + told);
    for (const i of [0, 1]) {
      const [at, length] = spans[i];
    fabrics[i].push(Int32Array.of(peers[i].index, at, at, length, 1), 1);
      fabrics[i].poll();
      told[i] += fabrics[i].drain(events);
    }
    await turn();
  }
};
new Uint8Array(regions[0].memory).fill(1);
new Uint8Array(regions[1].memory).fill(2);
await writeUntil(() => new Uint8Array(regions[1].memory)[0] === 1 && new Uint8Array(regions[0].memory)[60000] === 2);
spawn('bash', ['-c', ${JSON.stringify(takeAway)}], { stdio: 'ignore', detached: true }).unref(); // it may last as long as this process
await writeUntil(() => told[0] > 0 && told[1] > 0);
say(told);
say(codeOf(() => createFabric('${VERBS}', options)));
say(codeOf(() => createFabric('libfabric', { ...options, say }).close(() => {})));
for (const fabric of fabrics) await new Promise(resolve => fabric.close(resolve));
say('closed');
`;

describe('verbs whose', () => {
  beforeEach(() => {
    run(
      'ip link add dummy1 mtu 4200 type dummy && ip address add 10.77.1.1/24 dev dummy1 && ip link set dummy1 up',
    );
    run('rdma link add rxe1 type rxe netdev dummy1');
    run('until grep -q ACTIVE /sys/class/infiniband/rxe1/ports/1/state; do sleep 0.1; done');
  });
  afterEach(() => run('ip link delete dummy1')); // and the device with it

  const isNoAddress = /^FABRIC_UNAVAILABLE: .*10\.77\.1\.1 is no address of this machine/;
  const hasGone =
    /^FABRIC_UNAVAILABLE: .*libfabric had verbs;ofi_rxm at 10\.77\.1\.1 \(rxe1\) when this process began, .* has gone$/;
  const ways: readonly (readonly [what: string, takeAway: string, verbs: RegExp, any: RegExp])[] = [
    ['interface goes down', 'ip link set dummy1 down', isNoAddress, isNoAddress],
    ['address goes', 'ip address del 10.77.1.1/24 dev dummy1', hasGone, isNoAddress],
    [
      'device goes',
      'rdma link delete rxe1',
      hasGone,
      /^libfabric's provider tcp;ofi_rxm is used \(dummy1\),none,closed$/,
    ],
  ];
  for (const [what, takeAway, verbs, any] of ways) {
    it(`${what}: both ends are told, what is new is refused in words, and all can be closed`, () => {
      const { said, errors, status } = runScript(USE(takeAway), BOUNDED);
      expect(errors).to.equal('');
      const [told, ...words] = said as [number[], ...string[]];
      expect(told).to.deep.equal([1, 1]);
      expect(words[0]).to.match(verbs);
      expect(words.slice(1).join()).to.match(any);
      expect(words.at(-1)).to.equal('closed');
      expect(status).to.equal(0);
    });
  }
});
