/**
 * Goal: closing the channel, in every phase of its life, leaves nothing behind and loses nothing that was sent. Method: each
 * phase is a process of its own that must end by itself; what arrives is counted by the other side.
 */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { closeRawPeers, hello, rawServer } from './raw-peer.js';
import { closeMembers, connectedMembers, freeAddress, TestMember } from './test-member.js';

const MEMBERS = new URL('./test-member.js', import.meta.url).href;
const RAW_PEERS = new URL('./raw-peer.js', import.meta.url).href;

const PRELUDE = `
  import { TestMember, freeAddress, connectedMembers } from ${JSON.stringify(MEMBERS)};
  import { RawPeer, rawServer, hello, closeRawPeers } from ${JSON.stringify(RAW_PEERS)};
  const security = { kind: 'secret', secret: 'the secret of this cluster' };
  const code = promise => promise.then(() => 'fine', error => error.code);
`;

const CASES: readonly (readonly [what: string, script: string, output: string])[] = [
  [
    'before it was opened',
    `const a = await TestMember.make({});
     await a.channel.close();
     console.log('closed');`,
    'closed',
  ],
  [
    'while it was being opened, twice',
    `const a = await TestMember.make({ security });
     const opening = code(a.channel.open(a.greeting, a));
     await Promise.all([a.channel.close(), a.channel.close()]);
     console.log(await opening);`,
    'CLOSED',
  ],
  [
    'while it took its address',
    `const a = await TestMember.make({ listen: await freeAddress('localhost') });
     const opening = code(a.channel.open(a.greeting, a));
     await null;
     await a.channel.close();
     console.log(await opening);`,
    'CLOSED',
  ],
  [
    'after it could not be opened',
    `const a = await TestMember.start({});
     const b = await TestMember.make({ listen: a.address });
     console.log(await code(b.channel.open(b.greeting, b)));
     await Promise.all([a.channel.close(), b.channel.close()]);`,
    'ADDRESS_IN_USE',
  ],
  [
    'while nobody answered its dials',
    `const a = await TestMember.start({ seeds: [await freeAddress()] });
     await a.untilEvent('unanswered');
     await a.channel.close();
     console.log('closed');`,
    'closed',
  ],
  [
    'while it waited for an answer',
    `const seed = await rawServer(socket => socket.once('data', () => reached()));
     let reached;
     const isReached = new Promise(resolve => (reached = resolve));
     const a = await TestMember.start({ seeds: [seed] });
     await isReached;
     await a.channel.close();
     closeRawPeers();
     console.log('closed');`,
    'closed',
  ],
  [
    'in the middle of TLS, on both sides',
    `const a = await TestMember.start({ id: 'a', security });
     const half = new RawPeer(a.port).write(Buffer.of(22, 3, 1));
     const b = await TestMember.start({ id: 'b', security, seeds: [a.address] });
     await Promise.all([a.channel.close(), b.channel.close()]);
     await half.closed();
     console.log('closed');`,
    'closed',
  ],
  [
    'with members that were connected',
    `const members = await connectedMembers(['a', 'b', 'c'], { security });
     await Promise.all(members.map(member => member.channel.close()));
     console.log('closed');`,
    'closed',
  ],
  [
    'with a member that does not read, within a bounded time',
    `const seed = await rawServer(socket => socket.pause().write(hello('b')));
     const a = await TestMember.start({ seeds: [seed], limits: { closeMillis: 50 } });
     await a.untilEvent('answered b');
     const bytes = new Uint8Array(50_000_000);
     a.channel.send({ id: 'b', incarnation: 1 }, { kind: 'application', vid: 0, from: a.identity, bytes });
     await a.channel.close();
     closeRawPeers();
     console.log('closed');`,
    'closed',
  ],
  [
    'while strangers waited at its port',
    `const a = await TestMember.start({});
     const peers = Array.from({ length: 20 }, () => new RawPeer(a.port).write('GET'));
     await new RawPeer(a.port).write(hello('x')).answered();
     await a.channel.close();
     await Promise.all(peers.map(peer => peer.closed()));
     closeRawPeers();
     console.log('closed');`,
    'closed',
  ],
];

describe('a process ends by itself after its control channel was closed', () => {
  for (const [what, script, output] of CASES) {
    it(what, async () => {
      const args = ['--unhandled-rejections=strict', '--input-type=module', '--eval', PRELUDE + script];
      const printed = await new Promise<string>((resolve, reject) => {
        execFile(process.execPath, args, { timeout: 15_000 }, (error, stdout, stderr) => {
          if (error === null) resolve(stdout.trim());
          else
            reject(new Error(`${error.killed === true ? 'it had to be killed' : error.message}\n${stderr}`));
        });
      });
      expect(printed).to.equal(output);
    });
  }
});

describe('closing a control channel', () => {
  afterEach(async () => {
    closeRawPeers();
    await closeMembers();
  });

  for (const security of [
    { kind: 'none' },
    { kind: 'secret', secret: 'the secret of this cluster' },
  ] as const) {
    it(`loses nothing that was sent: ${security.kind}`, async () => {
      const [a, b] = (await connectedMembers(['a', 'b'], { security })) as [TestMember, TestMember];
      for (let i = 0; i < 3_000; i++) a.send(b, Buffer.alloc(10_000), i);
      await a.channel.close();
      await b.until(() => b.messages.length >= 3_000);
      expect(b.messages.every(({ vid }, i) => vid === i)).to.be.true;
    });
  }

  it('ends all calls of the handler, and nothing can be sent', async () => {
    const [a, b] = (await connectedMembers(['a', 'b'])) as [TestMember, TestMember];
    const unreached = await TestMember.start({ id: 'c', seeds: [await freeAddress()] });
    for (let i = 0; i < 1_000; i++) b.send(a, Buffer.alloc(1_000));
    await a.until(() => a.messages.length > 0);
    const closing = [a.channel.close(), unreached.channel.close()];
    const heard = [a.messages.length, a.events.length, unreached.events.length];
    expect(a.send(b, Buffer.of(1))).to.be.false;
    await Promise.all(closing);
    await b.untilEvent('lost a');
    expect([a.messages.length, a.events.length, unreached.events.length]).to.deep.equal(heard);
  });

  it('tells the others that it was closed', async () => {
    const seed = await rawServer(socket => socket.end(hello('b')));
    const a = await TestMember.start({ seeds: [seed] });
    await a.untilEvent('lost b: it closed the connection');
  });
});
