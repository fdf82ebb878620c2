/**
 * Goal: whoever comes to the control port, the log says in words who it was, the connection ends, and members are not
 * harmed. Method: one member per kind of stranger; after each, an honest member must get through. Then a crowd.
 */
import { expect } from 'chai';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ControlLimits } from '../../src/control/control-limits.js';
import type { SecureOptions } from '../../src/control/security.js';
import { FRAME_KIND, frameOf } from '../../src/control/frame.js';
import { PROTOCOL_VERSION } from '../../src/control/greeting.js';
import { preamble } from '../../src/control/preamble.js';
import { Authority } from './certificates.js';
import { closeRawPeers, headerOf, hello, messageFrame, RawPeer } from './raw-peer.js';
import { closeMembers, connectedMembers, TestMember } from './test-member.js';

const QUICK = { firstRetryMillis: 5, lastRetryMillis: 20 };
const SECRET: SecureOptions = { kind: 'secret', secret: 'the secret of this cluster' };
const authority = new Authority('cluster');
const foreign = new Authority('foreign');
const NAMES = ['IP:127.0.0.1'];

/** A TLS client that is no member, as a raw peer. */
function tlsPeer(port: number, options: ConnectionOptions): RawPeer {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  return new RawPeer(port, socket);
}

/** Sends a byte at a time until it is thrown out. */
function drip(peer: RawPeer, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => peer.socket.write(bytes.subarray(at, ++at)), 5);
  peer.socket.once('close', () => clearInterval(timer));
}

interface Case {
  readonly name: string;
  readonly come: (port: number) => RawPeer;
  /** The line of the log, with a * for the stranger's port. */
  readonly log: string;
  readonly limits?: Partial<ControlLimits>;
  /** Part of what the stranger hears. */
  readonly answer?: string;
}

const HERE = '127.0.0.1:*';
const MEMBER = `member 'x' at ${HERE}`;
const SAME = 'all members must use the same secret, or certificates';
const anotherVersion = hello('x');
anotherVersion[7] = PROTOCOL_VERSION + 1;

const PLAIN: readonly Case[] = [
  {
    name: 'a web browser',
    come: port => new RawPeer(port).write('GET / HTTP/1.1\r\nHost: n1\r\n\r\n'),
    log: `an HTTP request came to the control port from ${HERE}`,
  },
  {
    name: 'a TLS client',
    come: port => tlsPeer(port, {}),
    log: `a TLS client came from ${HERE} to the control port, which is without TLS here: ${SAME}`,
  },
  {
    name: 'another protocol',
    come: port => new RawPeer(port).write('SSH-2.0-OpenSSH\r\n'),
    log: `bytes that are no member's came to the control port from ${HERE}; they began with "SSH-2.0-"`,
  },
  {
    name: 'a frame of 2 GiB before a greeting',
    come: port =>
      new RawPeer(port).write(preamble(), headerOf(2 ** 31, FRAME_KIND.greeting), Buffer.alloc(50_000)),
    log: `what came to the control port from ${HERE} cannot be read: a frame of 2147483648 bytes was announced, and 262144 are allowed`,
    answer: 'cannot read what came: a frame of 2147483648 bytes',
  },
  {
    name: 'a message before a greeting',
    come: port => new RawPeer(port).write(preamble(), messageFrame('hello')),
    log: `what came to the control port from ${HERE} cannot be read: a frame of kind 4 came before a greeting`,
    answer: 'a frame of kind 4 came before a greeting',
  },
  {
    name: 'a greeting without a name',
    come: port =>
      new RawPeer(port).write(preamble(), frameOf(FRAME_KIND.greeting, Buffer.from('{"identity":{}}'))),
    log: `what came to the control port from ${HERE} cannot be read: identity.id must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, but is undefined`,
    answer: 'identity.id must be',
  },
  {
    name: 'half a greeting and the end',
    come: port => {
      const peer = new RawPeer(port).write(hello('x').subarray(0, 40));
      peer.socket.end();
      return peer;
    },
    log: `a connection from ${HERE} to the control port ended in the middle of its greeting`,
  },
  {
    name: 'half a preamble and the end',
    come: port => {
      const peer = new RawPeer(port).write('BOWE');
      peer.socket.end();
      return peer;
    },
    log: `a connection from ${HERE} to the control port ended before it greeted; it began with "BOWE"`,
  },
  {
    name: 'a port scanner',
    come: port => {
      const peer = new RawPeer(port);
      peer.socket.end();
      return peer;
    },
    log: `a connection from ${HERE} to the control port ended before it greeted`,
  },
  {
    name: 'a greeting that drips',
    come: port => {
      const peer = new RawPeer(port);
      drip(peer, hello('x'));
      return peer;
    },
    limits: { handshakeMillis: 100 },
    log: `no greeting came within 0.1 s over a connection from ${HERE}`,
  },
  {
    name: 'a member of another version',
    come: port => new RawPeer(port).write(anotherVersion),
    log: `a member at ${HERE} speaks version ${PROTOCOL_VERSION + 1} of the protocol, this member version ${PROTOCOL_VERSION}`,
    answer: preamble().toString('latin1'),
  },
  {
    name: 'a member with a frame of 2 GiB',
    come: port => new RawPeer(port).write(hello('x'), headerOf(2 ** 31, FRAME_KIND.application)),
    limits: { maxFrameBytes: 1_000_000 },
    log: `what came to the control port from ${MEMBER} cannot be read: a frame of 2147483648 bytes was announced, and 1000000 are allowed`,
    answer: 'a frame of 2147483648 bytes',
  },
  {
    name: 'a member with keys that end early',
    come: port => new RawPeer(port).write(hello('x'), frameOf(FRAME_KIND.keys, Buffer.alloc(10))),
    log: `what came to the control port from ${MEMBER} cannot be read: keys: the length of address has 4 bytes, and 2 came`,
    answer: 'keys: the length of address has 4 bytes, and 2 came',
  },
  {
    name: 'a member that greets twice',
    come: port => new RawPeer(port).write(hello('x'), hello('x').subarray(8)),
    log: `what came to the control port from ${MEMBER} cannot be read: a frame of kind 1 came where a message was expected`,
    answer: 'a frame of kind 1 came',
  },
  {
    name: 'a member that ends in the middle of a frame',
    come: port => {
      const peer = new RawPeer(port).write(hello('x'), messageFrame('something').subarray(0, 12));
      peer.socket.end();
      return peer;
    },
    log: `the connection of ${MEMBER} ended in the middle of a frame`,
  },
];

const WITH_SECRET: readonly Case[] = [
  {
    name: 'a member without TLS',
    come: port => new RawPeer(port).write(hello('x')),
    log: `a member without TLS came from ${HERE} to the control port, which asks for TLS here: ${SAME}`,
    answer: `TLS is asked for here: ${SAME}`,
  },
  {
    name: 'a web browser without TLS',
    come: port => new RawPeer(port).write('POST /x HTTP/1.1\r\n\r\n'),
    log: `an HTTP request came to the control port from ${HERE}`,
  },
  {
    name: 'another protocol',
    come: port => new RawPeer(port).write('\0\0\0\0\0\0\0\0'),
    log: `bytes that are no member's came to the control port from ${HERE}; they began with "........"`,
  },
  {
    name: 'a TLS client without a secret',
    come: port => tlsPeer(port, {}),
    log: `the one who dialed the control port from ${HERE} speaks TLS and offers no secret, and this member asks for one (ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM)`,
  },
  {
    name: 'a TLS client with another secret',
    come: port =>
      tlsPeer(port, {
        pskCallback: () => ({ psk: Buffer.alloc(32), identity: 'bowecho-control-1' }),
        ciphers: 'TLS_AES_128_GCM_SHA256',
      }),
    log: `the one who dialed the control port from ${HERE} does not know this cluster's secret (ERR_SSL_BINDER_DOES_NOT_VERIFY)`,
  },
  {
    name: 'a TLS client of another version',
    come: port => tlsPeer(port, { maxVersion: 'TLSv1.2' }),
    log: `the one who dialed the control port from ${HERE} did not finish the TLS handshake: unsupported protocol (ERR_SSL_UNSUPPORTED_PROTOCOL)`,
  },
  {
    name: 'half a handshake and the end',
    come: port => {
      const peer = new RawPeer(port).write(Buffer.of(22, 3, 1, 2, 0, 1));
      peer.socket.end();
      return peer;
    },
    log: `a connection from ${HERE} to the control port ended before it greeted`,
  },
  {
    name: 'one byte of a handshake',
    come: port => new RawPeer(port).write(Buffer.of(22)),
    limits: { handshakeMillis: 500 },
    log: `no greeting came within 0.5 s over a connection from ${HERE}`,
  },
];

const WITH_CERTIFICATES: readonly Case[] = [
  {
    name: 'a TLS client without a certificate',
    come: port => tlsPeer(port, {}).write(hello('x')),
    log: `a connection from ${HERE} to the control port was refused: the dialer has no certificate`,
    answer: 'the dialer has no certificate',
  },
  {
    name: 'a TLS client with a certificate of another authority',
    come: port => tlsPeer(port, foreign.issue(NAMES)).write(hello('x')),
    log: `a connection from ${HERE} to the control port was refused: the dialer's certificate is not trusted: SELF_SIGNED_CERT_IN_CHAIN`,
    answer: "the dialer's certificate is not trusted",
  },
  {
    name: 'a TLS client with a certificate of former times',
    come: port => tlsPeer(port, authority.issue(NAMES, '210101000000Z')).write(hello('x')),
    log: `a connection from ${HERE} to the control port was refused: the dialer's certificate is not trusted: CERT_HAS_EXPIRED`,
    answer: 'CERT_HAS_EXPIRED',
  },
];

/** A new member gets through to `member`, and its message arrives. */
async function expectUnharmed(member: TestMember, security: SecureOptions): Promise<void> {
  const honest = await TestMember.start({ id: 'honest', seeds: [member.address], limits: QUICK, security });
  await honest.untilEvent('answered a');
  const before = member.messages.length;
  honest.send(member, Buffer.from('still there?'));
  await member.until(() => member.messages.length > before);
}

describe('a control port is told of', () => {
  afterEach(async () => {
    closeRawPeers();
    await closeMembers();
  });

  const groups: readonly (readonly [string, SecureOptions, readonly Case[]])[] = [
    ['without TLS', { kind: 'none' }, PLAIN],
    ['with a secret', SECRET, WITH_SECRET],
    ['with certificates', authority.issue(NAMES), WITH_CERTIFICATES],
  ];
  for (const [group, security, cases] of groups) {
    for (const { name, come, log, limits, answer } of cases) {
      it(`${group}: ${name}`, async () => {
        const member = await TestMember.start({ security, limits: { ...QUICK, ...limits } });
        const peer = come(member.port);
        const heard = await peer.closed();
        await member.until(() => member.log.length > 0);
        expect(member.log.map(line => line.replace(/127\.0\.0\.1:\d+/, HERE))).to.deep.equal([log]);
        if (answer !== undefined) expect(heard.toString('latin1')).to.include(answer);
        await expectUnharmed(member, security);
      });
    }
  }

  it('a member that resets its connection', async () => {
    const member = await TestMember.start({});
    const peer = new RawPeer(member.port).write(hello('x'), messageFrame('one'));
    await peer.answered();
    await member.until(() => member.messages.length > 0);
    peer.socket.resetAndDestroy();
    await member.until(() => member.log.length > 0);
    expect(member.log[0]).to.match(/^the connection of member 'x' at 127\.0\.0\.1:\d+ broke \(ECONNRESET\)$/);
    await expectUnharmed(member, { kind: 'none' });
  });

  it('a stranger that resets its connection in the middle of a greeting', async () => {
    const member = await TestMember.start({});
    const peer = new RawPeer(member.port).write(hello('x').subarray(0, 40));
    // The answer to another connection shows that the port has looked at this one.
    await new RawPeer(member.port).write(hello('y')).answered();
    peer.socket.resetAndDestroy();
    await member.until(() => member.log.length > 0);
    expect(member.log[0]).to.match(/broke \(ECONNRESET\) in the middle of its greeting$/);
  });

  it('nothing when a member ends its connection between two messages', async () => {
    const member = await TestMember.start({});
    const peer = new RawPeer(member.port).write(hello('x'), messageFrame('one'));
    await peer.answered();
    peer.socket.end();
    await peer.closed();
    expect(member.log).to.deep.equal([]);
  });
});

describe('a control port with certificates', () => {
  afterEach(async () => {
    closeRawPeers();
    await closeMembers();
  });

  it('does not let in who resumes a session that was refused', async () => {
    const member = await TestMember.start({ security: authority.issue(NAMES) });
    const first = tlsPeer(member.port, {});
    const sessions: Buffer[] = [];
    first.socket.on('session', (session: Buffer) => sessions.push(session));
    await first.closed();
    expect(sessions, 'OpenSSL gives tickets, though they are good for nothing').to.not.be.empty;
    for (const session of sessions) {
      const heard = await tlsPeer(member.port, { session })
        .write(hello('x'), messageFrame('let me in'))
        .closed();
      expect(heard.toString('latin1')).to.match(/the dialer (has no certificate|resumed a TLS session)/);
    }
    expect(member.events).to.deep.equal([]);
    expect(member.messages).to.deep.equal([]);
  });
});

describe('a crowd at the control port', () => {
  afterEach(async () => {
    closeRawPeers();
    await closeMembers();
  });

  for (const security of [{ kind: 'none' } as const, SECRET]) {
    it(`of a thousand that do not greet harms no member: ${security.kind}`, async () => {
      const [a, b] = (await connectedMembers(['a', 'b'], { security, limits: QUICK })) as [
        TestMember,
        TestMember,
      ];
      let isOver = false;
      const talk = (async () => {
        for (let i = 1; !isOver; i++) {
          a.send(b, Buffer.from('ping'));
          await b.until(() => b.messages.length >= i);
          b.send(a, Buffer.from('pong'));
          await a.until(() => a.messages.length >= i);
        }
      })();
      // The last ones are dialed when the first have been dropped, and nobody says which ones stay.
      let dropped = 0;
      const peers = Array.from({ length: 1_000 }, () => new RawPeer(a.port));
      const crowd = new Promise<void>(resolve => {
        for (const { socket } of peers) socket.once('close', () => ++dropped === 872 && resolve());
      });
      const before = a.messages.length;
      await expectUnharmed(a, security);
      await crowd;
      await a.until(() => a.messages.length > before + 10);
      isOver = true;
      await talk;
      expect(a.events.concat(b.events).filter(event => event.startsWith('lost'))).to.deep.equal([]);
      expect(a.log).to.have.length.at.most(2);
      expect(a.log[0]).to.include(
        'too many connections to the control port have not greeted; the oldest was dropped',
      );
    });
  }

  it('of members is taken up to the bound, and one more is not', async () => {
    const member = await TestMember.start({ limits: { maxConnections: 4 } });
    const peers = ['p', 'q', 'r', 's'].map(id => new RawPeer(member.port).write(hello(id)));
    for (const peer of peers) await peer.answered();
    expect((await new RawPeer(member.port).closed()).length).to.equal(0);
    expect(member.log[0]).to.include('4 members are connected to the control port, and it takes no more');
    peers[0]!.write(messageFrame('still there'));
    await member.until(() => member.messages.length > 0);
    peers[1]!.socket.destroy();
    await peers[1]!.closed();
    // Its place may be free a little later than that.
    const next = await TestMember.start({ id: 'next', seeds: [member.address], limits: QUICK });
    await next.untilEvent('answered a');
  });
});
