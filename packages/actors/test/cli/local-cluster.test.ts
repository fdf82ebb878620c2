/** LocalCluster with real processes: who they are, what they say, how they end, and what is left of them: nothing. */
import { networkInterfaces } from 'node:os';
import { LocalCluster, type LocalClusterOptions, type MemberEnd } from '@bowecho/actors/local';
import { BowechoError } from '@bowecho/core';
import { expect } from 'chai';
import { Programs } from './programs.js';

async function failureOf(attempt: Promise<unknown>): Promise<Error> {
  const error: unknown = await attempt.then(
    () => expect.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(Error);
  return error as Error;
}

describe('a local cluster', () => {
  const programs = new Programs();
  let clusters: LocalCluster[] = [];
  const start = async (source: string, more: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> => {
    const file = programs.add(`program-${clusters.length}.mjs`, source);
    const cluster = await LocalCluster.start({ file, ...more });
    clusters.push(cluster);
    return cluster;
  };
  const startOne = (source: string, more: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> =>
    start(source, { members: 1, ...more });

  afterEach(async () => {
    for (const cluster of clusters) {
      cluster.kill();
      await Promise.allSettled(cluster.members.map(member => member.ended));
    }
    clusters = [];
  });
  after(() => programs.remove());

  it('tells each member who it is', async () => {
    const said = new Map<string, unknown>();
    const cluster = await start(`process.send({ env: process.env, args: process.argv.slice(2) });`, {
      args: ['--port', '1 2'],
      fabric: 'shared-memory',
      env: { OWN: 'yes' },
      onMessage: ({ id }, value) => said.set(id, value),
    });
    await cluster.ended();
    const addresses = cluster.members.map(member => member.address);
    expect(new Set(addresses)).to.have.lengthOf(3);
    expect([...said.keys()].sort()).to.deep.equal(['n1', 'n2', 'n3']);
    for (const member of cluster.members) {
      expect(member.address).to.match(/^127\.0\.0\.1:\d+$/);
      const { env, args } = said.get(member.id) as { env: NodeJS.ProcessEnv; args: string[] };
      expect(args).to.deep.equal(['--port', '1 2']);
      expect(env).to.include({
        BOWECHO_ID: member.id,
        BOWECHO_LISTEN: member.address,
        BOWECHO_SEEDS: addresses.join(','),
        BOWECHO_FABRIC: 'shared-memory',
        OWN: 'yes',
      });
    }
  });

  it('starts a member again that has ended, as another process at its address', async () => {
    const said = new Map<number, unknown>();
    const cluster = await start(
      `process.send({ id: process.env.BOWECHO_ID, listen: process.env.BOWECHO_LISTEN, seeds: process.env.BOWECHO_SEEDS }); setInterval(() => {}, 1000);`,
      { onMessage: ({ pid }, value) => said.set(pid, value) },
    );
    const before = cluster.member('n2');
    before.kill('SIGKILL');
    const again = await cluster.restart('n2');
    expect(again.pid).not.to.equal(before.pid);
    expect(again.address).to.equal(before.address);
    expect(cluster.member('n2')).to.equal(again);
    expect(cluster.running).to.have.lengthOf(3);
    expect((await failureOf(cluster.restart('n4'))).message).to.equal(
      "there is no member 'n4'; there are n1, n2, n3",
    );
    while (!said.has(again.pid)) await new Promise(resolve => setImmediate(resolve));
    const seeds = cluster.members.map(member => member.address).join(',');
    expect(said.get(again.pid)).to.deep.equal({ id: 'n2', listen: again.address, seeds });
    expect((await before.ended).signal).to.equal('SIGKILL');
  });

  it('has members listen at another address of loopback, which needs no secret', async function () {
    const isThere = Object.values(networkInterfaces()).some(all =>
      all?.some(({ address }) => address === '::1'),
    );
    if (!isThere) this.skip(); // without IPv6
    const said: unknown[] = [];
    const cluster = await start(
      `process.send([process.env.BOWECHO_LISTEN, process.env.BOWECHO_SEEDS, process.env.BOWECHO_SECRET]);`,
      { members: 2, host: '::1', env: { BOWECHO_SECRET: '' }, onMessage: (_, value) => said.push(value) },
    );
    await cluster.ended();
    const addresses = cluster.members.map(member => member.address);
    for (const address of addresses) expect(address).to.match(/^\[::1\]:\d+$/);
    expect(said).to.have.deep.members(addresses.map(address => [address, addresses.join(','), '']));
  });

  it('hands over every line and message before an end, and says how it was', async () => {
    const heard: string[] = [];
    const cluster = await startOne(
      `process.stdout.write('one\\ntwo\\nlast');
       process.stderr.write('wrong\\n');
       process.send(new Map([[1n, new Date(0)]]), () => process.exit(7));`,
      {
        onLine: (_, { stream, text }) => void heard.push(`${stream}: ${text}`),
        onMessage: (_, value) => heard.push(value instanceof Map && value.has(1n) ? 'map' : 'other'),
        onEnd: () => heard.push('end'),
      },
    );
    const [end] = await cluster.ended();
    expect(end).to.deep.equal({
      id: 'n1',
      status: 7,
      signal: undefined,
      sent: undefined,
    } satisfies MemberEnd);
    expect(heard.at(-1)).to.equal('end');
    expect(heard.filter(each => each.startsWith('stdout'))).to.deep.equal([
      'stdout: one',
      'stdout: two',
      'stdout: last',
    ]);
    expect(heard).to.include.members(['stderr: wrong', 'map']);
  });

  it('talks with a member that has nothing else to live for', async () => {
    const said: unknown[] = [];
    const cluster = await startOne(
      `const hear = value => { process.send({ answer: value.question * 2n }); process.off('message', hear); };
       process.on('message', hear);`,
      { onMessage: (_, value) => said.push(value) },
    );
    const member = cluster.member('n1');
    expect(await failureOf(member.send({ call: () => 1 }))).to.include({ code: 'NOT_SERIALIZABLE' });
    await member.send({ question: 21n });
    expect(await member.ended).to.include({ status: 0, sent: undefined });
    expect(said).to.deep.equal([{ answer: 42n }]);

    const lost = await failureOf(member.send({}));
    expect(lost).to.be.instanceOf(BowechoError).and.include({ code: 'MEMBER_LOST' });
    expect(lost.message).to.match(/^member 'n1' \(process \d+\) has ended/);
    expect(member.kill('SIGTERM')).to.equal(false);
    await cluster.stop();
  });

  it('asks members to end, and kills those that do not', async () => {
    let ready = 0;
    let onReady: (() => void) | undefined;
    const allReady = new Promise<void>(resolve => (onReady = resolve));
    const cluster = await start(
      `const mine = { n1: () => process.exit(0), n2: undefined, n3: () => process.send('no') };
       const answer = mine[process.env.BOWECHO_ID];
       if (answer) process.on('SIGTERM', answer);
       setInterval(() => {}, 1000);
       process.send('ready');`,
      { graceMs: 300, onMessage: () => void (++ready === 3 && onReady?.()) },
    );
    await allReady;
    expect(cluster.running).to.have.lengthOf(3);
    await Promise.all([cluster.stop(), cluster.stop()]);
    expect(cluster.running).to.deep.equal([]);
    expect(ready, 'SIGTERM is sent once').to.equal(4);
    expect(await cluster.ended()).to.deep.equal([
      { id: 'n1', status: 0, signal: undefined, sent: 'SIGTERM' },
      { id: 'n2', status: undefined, signal: 'SIGTERM', sent: 'SIGTERM' },
      { id: 'n3', status: undefined, signal: 'SIGKILL', sent: 'SIGKILL' },
    ]);
  });

  it('reads no faster than its lines are taken', async () => {
    const megabytes = 4;
    let release: (() => void) | undefined;
    const released = new Promise<void>(resolve => (release = resolve));
    const said: unknown[] = [];
    let onPong: (() => void) | undefined;
    let characters = 0;
    const cluster = await startOne(
      `process.on('message', () => process.send('pong'));
       const line = 'x'.repeat(1023) + '\\n';
       process.stdout.write(line.repeat(${megabytes * 1024}), () => process.send('written'));`,
      {
        onLine: (_, { text }) => {
          characters += text.length + 1;
          return released;
        },
        onMessage: (_, value) => {
          if (value === 'pong') onPong?.();
          else said.push(value);
          if (value === 'written') void cluster.stop();
        },
      },
    );
    for (let i = 0; i < 20; i++) {
      const pong = new Promise<void>(resolve => (onPong = resolve));
      await cluster.member('n1').send('ping');
      await pong;
    }
    expect(said).to.deep.equal([]);
    expect(characters).to.equal(characters === 0 ? 0 : 1024);
    release?.();
    await cluster.ended();
    expect(said).to.deep.equal(['written']);
    expect(characters).to.equal(megabytes * 1024 * 1024);
  });

  it('does not wait for a pipe that somebody else holds open', async () => {
    let holder = 0;
    const lines: string[] = [];
    const cluster = await startOne(
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
         stdio: 'inherit', detached: true,
       });
       child.unref();
       console.log('left behind');
       process.send(child.pid, () => process.exit(0));`,
      {
        onLine: (_, { text }) => void lines.push(text),
        onMessage: (_, value) => (holder = value as number),
      },
    );
    try {
      expect(await cluster.ended()).to.have.nested.property('[0].status', 0);
      expect(lines).to.deep.equal(['left behind']);
    } finally {
      process.kill(holder, 'SIGKILL');
    }
  });

  const listeners: readonly (readonly [name: string, more: Partial<LocalClusterOptions>])[] = [
    ['onLine', { onLine: () => Promise.reject(new Error('my mistake')) }],
    [
      'onMessage',
      {
        onMessage: () => {
          throw new Error('my mistake');
        },
      },
    ],
  ];
  for (const [name, more] of listeners) {
    it(`kills a member whose ${name} throws, and rejects with that`, async () => {
      const cluster = await startOne(
        `console.log('line'); process.send('message'); setInterval(() => {}, 1000);`,
        more,
      );
      const { message } = await failureOf(cluster.member('n1').ended);
      expect(message).to.equal('my mistake');
      await cluster.stop();
      expect(cluster.running).to.deep.equal([]);
    });
  }

  it('refuses what cannot be', async () => {
    for (const members of [0, 65, 1.5]) {
      const refusal = await failureOf(LocalCluster.start({ file: 'x.js', members }));
      expect(refusal).to.include({ code: 'CONFIG_INVALID' });
      expect(refusal.message).to.match(/^members must be a whole number from 1 to 64, but is .*\d/);
    }
    const stranger = await failureOf(LocalCluster.start({ file: 'x.js', host: '203.0.113.9' }));
    expect(stranger).to.include({ code: 'CONFIG_INVALID' });
    expect(stranger.message).to.match(
      /^host must be an IP address of this machine, but 203\.0\.113\.9 is none; it has /,
    );
    expect(await failureOf(LocalCluster.start({ file: 'x.js', graceMs: -1 }))).to.include({
      code: 'CONFIG_INVALID',
    });
    const cluster = await startOne('');
    expect(() => cluster.member('n2')).to.throw(BowechoError, "no member 'n2'; there are n1");
    await failureOf(LocalCluster.start({ file: 'x.js', cwd: `${programs.folder}/nowhere` }));
  });
});
