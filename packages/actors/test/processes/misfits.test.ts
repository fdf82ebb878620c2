/** Processes that cannot be one group. Each of them is told why, in words that say what to mend, and nobody waits for ever. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { encodeGreeting } from '../../src/control/greeting-text.js';
import { FRAME_KIND, frameOf } from '../../src/control/frame.js';
import { PROTOCOL_VERSION } from '../../src/control/greeting.js';
import { closeRawPeers, rawServer } from '../control/raw-peer.js';
import type { MemberConfig } from './conversation.js';
import { Group, TestMember, TaskFailure, afterGroup, needsProcesses, until, withoutThem } from './group.js';

const SECRET = 'a secret of more than sixteen characters';
const OTHER_SECRET = 'another secret that is as long as that';
/** Nobody here is to be told by the end of this time, but for one test that waits for it. */
const LONG_MS = 600_000;
const SHORT_MS = 2_000;

interface Misfit {
  readonly what: string;
  readonly n1?: MemberConfig;
  readonly n2?: MemberConfig;
  /** What ends the attempt; without it they go on, and say what they wait for. */
  readonly code?: string;
  /** What each of the two is told. */
  readonly words: readonly [RegExp, RegExp];
}

const MISFITS: readonly Misfit[] = [
  {
    what: 'different rings',
    n2: { ringBytes: 32_768 },
    code: 'CONFIG_INVALID',
    words: [/'n2' has ringBytes 32768, this member 65536/, /'n1' has ringBytes 65536, this member 32768/],
  },
  {
    what: 'different suspicion times',
    n1: { suspicionTimeout: 300 },
    code: 'CONFIG_INVALID',
    words: [
      /'n2' has suspicionTimeout 2000, this member 300/,
      /'n1' has suspicionTimeout 300, this member 2000/,
    ],
  },
  {
    what: 'different actors of one name',
    n2: { hasOtherLedger: true },
    code: 'ACTOR_MISMATCH',
    words: [/actor 'ledger': .*version/, /actor 'ledger': .*version/],
  },
  {
    what: 'different secrets',
    n1: { secret: SECRET },
    n2: { secret: OTHER_SECRET },
    words: [/does not know this cluster's secret/, /does not know this cluster's secret/],
  },
  {
    what: 'a secret on one side only',
    n1: { secret: SECRET },
    words: [
      /speaks no TLS, and this member does/,
      /TLS is asked for here: all members must use the same secret/,
    ],
  },
];

describe('processes that are no group', function () {
  this.timeout(40_000);
  before(function () {
    return needsProcesses(this);
  });
  afterEach(async () => {
    closeRawPeers();
    await afterGroup();
  });

  for (const { what, n1 = {}, n2 = {}, code, words } of MISFITS) {
    it(`${what}: both are told`, async () => {
      const group = await Group.start(2);
      await group.begin(member => ({ bootstrapTimeout: LONG_MS, ...(member.id === 'n1' ? n1 : n2) }));
      for (const [i, member] of group.members.entries()) {
        if (code === undefined) await waitsFor(member, words[i]!);
        else {
          const failure = await member.notReady();
          expect(failure.code).to.equal(code);
          expect(failure.message).to.match(words[i]!);
        }
      }
      const said = group.members.flatMap(member => member.textsOf('log')).join();
      expect(said).to.not.include(SECRET).and.not.include(OTHER_SECRET);
    });
  }

  it('two with one id: both are told, and where the other one is', async () => {
    const group = await Group.start(2);
    await group.begin(member => ({
      id: 'same',
      listen: member.process.address,
      seeds: group.seeds,
      bootstrapTimeout: LONG_MS,
    }));
    const failures = await Promise.all(group.members.map(member => member.notReady()));
    failures.forEach((failure, i) => {
      expect(failure.code).to.equal('CONFIG_INVALID');
      expect(failure.message).to.include(`the one at '${group.seeds[1 - i]}' have the same id 'same'`);
    });
  });

  it('different lists of seeds: both are told', async () => {
    const group = await Group.start(2, { absent: 1 });
    await group.begin(({ id, process: { address } }) => ({
      id,
      listen: address,
      seeds: id === 'n1' ? group.seeds : group.seeds.slice(0, 2),
      bootstrapTimeout: LONG_MS,
    }));
    for (const failure of await Promise.all(group.members.map(member => member.notReady()))) {
      expect(failure.code).to.equal('CONFIG_INVALID');
      expect(failure.message).to.match(/has the seeds .*, this member .*; they must be the same list/);
    }
  });

  it('a founder that never comes: it is named, with ECONNREFUSED', async () => {
    const group = await Group.start(1, { absent: 1 });
    await group.begin(() => ({ bootstrapTimeout: SHORT_MS }));
    const { code, problems } = await group.n(1).notReady();
    expect(code).to.equal('BOOTSTRAP_TIMEOUT');
    expect(problems).to.deep.equal([
      `the founder at ${group.seeds[1]} (nobody listens there (ECONNREFUSED))`,
    ]);
  });

  it('a founder of another version: both versions are named', async () => {
    const group = await Group.start(1);
    const [n1] = group.members as [TestMember];
    const version = PROTOCOL_VERSION + 1;
    const stranger = await rawServer(socket => {
      socket.write(Buffer.concat([Buffer.from('BOWECHO'), Buffer.of(version)]));
    });
    const me = { id: n1.id, listen: n1.process.address, bootstrapTimeout: LONG_MS };
    await n1.begin({ ...me, seeds: [n1.process.address, stranger] });
    await waitsFor(n1, new RegExp(`version ${version}.*version ${PROTOCOL_VERSION}`));
  });

  it('a founder on another fabric: it is told at once', async () => {
    const group = await Group.start(1);
    const [n1] = group.members as [TestMember];
    const seeds = [n1.process.address];
    const stranger = await rawServer(socket => {
      const greeting = {
        identity: { id: 'n2', incarnation: 7 },
        seeds,
        fabric: 'libfabric',
        ringBytes: 65_536,
        suspicionTimeout: 2000,
        determinismGuard: true,
        fingerprints: new Map<string, string>(),
        groupRuns: false,
      };
      socket.write(Buffer.concat([Buffer.from('BOWECHO'), Buffer.of(PROTOCOL_VERSION)]));
      socket.write(frameOf(FRAME_KIND.greeting, encodeGreeting(greeting)));
    });
    seeds.push(stranger);
    const me = { id: n1.id, listen: seeds[0]!, bootstrapTimeout: LONG_MS };
    await n1.begin({ ...me, seeds, fabric: 'shared-memory' });
    const failure = await n1.notReady();
    expect(failure.code).to.equal('CONFIG_INVALID');
    expect(failure.message).to.include("'n2' uses the fabric 'libfabric', this member 'shared-memory'");
  });

  it('an address that somebody has', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = server.address() as { port: number };
      const group = await Group.start(1);
      const listen = `127.0.0.1:${port}`;
      const error: unknown = await group
        .n(1)
        .begin({ id: 'n1', listen, seeds: [listen] })
        .catch((failure: unknown) => failure);
      expect((error as TaskFailure).failure.code).to.equal('ADDRESS_IN_USE');
      expect((error as TaskFailure).failure.message).to.include(listen);
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });

  it('a process that comes to a group that runs, and listens where no member dials: it is told so', async () => {
    const group = await Group.running(2);
    const late = await Group.start(1);
    const [n3] = late.members as [TestMember];
    await n3.begin({ id: 'n3', listen: n3.process.address, seeds: group.seeds, bootstrapTimeout: LONG_MS });
    await waitsFor(n3, /a way of the members to 'n3': it listens at none of the seeds/);
    const places = await group.everywhere(({ cluster, Ledger }) =>
      cluster.get(Ledger, 'x').append(cluster.id),
    );
    expect(places.sort(), 'the group runs on').to.deep.equal([0, 1]);
  });

  it('a successor that defines an actor differently: the group says so and runs on', async () => {
    const group = await Group.running(3);
    const [n1, n2, n3] = group.members as [TestMember, TestMember, TestMember];
    n2.kill('SIGKILL');
    await Promise.all([n1, n3].map(member => withoutThem(member, 'n2')));
    const again = await TestMember.start('n2', group.seeds[1]!, group.seeds);
    try {
      await again.begin({ bootstrapTimeout: LONG_MS, hasOtherLedger: true });
      await waitsFor(again, /it refused: it cannot join view 1 of n1, n3: .*actor 'ledger'/);
      expect(await n3.run(({ cluster, Ledger }) => cluster.get(Ledger, 'x').append('still'))).to.equal(0);
    } finally {
      again.kill('SIGKILL');
      await again.process.ended;
    }
  });

  it('one that was killed and comes back, while too few are left: it is told why there is no group', async () => {
    const group = await Group.running(2, { suspicionTimeout: 300 });
    const [n1, n2] = group.members as [TestMember, TestMember];
    n2.kill('SIGKILL');
    await n1.heard('halted');
    const again = await TestMember.start('n2', group.seeds[1]!, group.seeds);
    try {
      await again.begin({ bootstrapTimeout: LONG_MS });
      await waitsFor(
        again,
        /it is in no group any more \(only 1 of the 2 members of view 0 .* more than half must agree; .*\); it waits to be started again/,
      );
    } finally {
      again.kill('SIGKILL');
      await again.process.ended;
    }
  });
});

/** Waits until a member says that it waits for that. */
function waitsFor(member: TestMember, words: RegExp): Promise<void> {
  return until(async () => words.test(await member.run(({ cluster }) => cluster.waitingFor.join())));
}
