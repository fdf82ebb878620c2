/** `bowecho run` as a person runs it: merged output, exit statuses, signals, and no process left however it ends. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { fabricProblem } from '@bowecho/actors/local';
import { expect } from 'chai';
import { Command, type CommandEnd } from './command.js';
import { Programs } from './programs.js';

/** A file that could be run, and is not. */
const PROGRAM = fileURLToPath(import.meta.url);

/**
 * A member that does what it is told by arguments like `n2=exit:3`, once it is sent SIGUSR2, and what `n2:asked=...` says
 * when it is asked to end. It waits otherwise, for ever.
 */
const OBEDIENT = `
  const { BOWECHO_ID: id } = process.env;
  const told = name => process.argv.find(each => each.startsWith(name + '='))?.slice(name.length + 1);
  const obey = (what = '') => {
    const [verb, detail] = what.split(':');
    if (verb === 'exit') process.exit(Number(detail));
    if (verb === 'kill') process.kill(process.pid, detail);
    if (verb === 'end') clearInterval(life);
    if (verb === 'stay') { console.log('asked'); setTimeout(() => console.log('still here'), 300); }
  };
  const life = setInterval(() => {}, 1000);
  process.on('SIGUSR2', () => obey(told(id)));
  process.on('SIGINT', () => console.log('got SIGINT'));
  const asked = told(id + ':asked');
  if (asked !== undefined) process.on('SIGTERM', () => obey(asked));
  console.log('pid', process.pid);
`;

/** Has members be processes, or the tests that need them be skipped. */
const PROCESSES = 'shared-memory';

interface Case {
  readonly what: string;
  readonly args: readonly string[];
  /** The members that do what they are told, or a signal to the command's group. */
  readonly act: readonly string[] | NodeJS.Signals;
  readonly status: number;
  readonly says: readonly (string | RegExp)[];
}

const CASES: readonly Case[] = [
  { what: 'all end', args: ['n1=end', 'n2=end', 'n3=exit:0'], act: ['n1', 'n2', 'n3'], status: 0, says: [] },
  {
    what: 'one fails while others run',
    args: ['n2=exit:3'],
    act: ['n2'],
    status: 3,
    says: ['bowecho run: n2 exited with status 3; ending n1 and n3'],
  },
  {
    what: 'one fails after the others ended',
    args: ['--members', '1', 'n1=exit:3'],
    act: ['n1'],
    status: 3,
    says: ['bowecho run: n1 exited with status 3'],
  },
  {
    what: 'a signal ends one',
    args: ['n1=kill:SIGKILL', 'n2:asked=exit:0'],
    act: ['n1'],
    status: 137,
    says: ['bowecho run: n1 was ended by SIGKILL; ending n2 and n3'],
  },
  {
    what: 'one fails, and another one fails when it is asked',
    args: ['n1=exit:3', 'n2:asked=exit:4'],
    act: ['n1'],
    status: 3,
    says: [
      'bowecho run: n1 exited with status 3; ending n2 and n3',
      'bowecho run: n2 exited with status 4 after it was sent SIGTERM',
    ],
  },
  {
    what: 'one fails, and another one does not end',
    args: ['--grace', '0.5', 'n1=exit:3', 'n2:asked=stay'],
    act: ['n1'],
    status: 3,
    says: [
      'bowecho run: n1 exited with status 3; ending n2 and n3',
      'bowecho run: n2 had not ended when its grace was over, and was killed',
    ],
  },
  { what: 'SIGTERM', args: ['n2:asked=exit:0', 'n3:asked=exit:143'], act: 'SIGTERM', status: 0, says: [] },
  { what: 'Ctrl-C', args: [], act: 'SIGINT', status: 130, says: [] },
  { what: 'SIGHUP', args: [], act: 'SIGHUP', status: 129, says: [] },
  {
    what: 'SIGTERM, and one fails',
    args: ['n2:asked=exit:5'],
    act: 'SIGTERM',
    status: 5,
    says: ['bowecho run: n2 exited with status 5 after it was sent SIGTERM'],
  },
  {
    what: 'SIGTERM, and one does not end',
    args: ['--grace', '0.5', 'n2:asked=stay'],
    act: 'SIGTERM',
    status: 137,
    says: ['bowecho run: n2 had not ended when its grace was over, and was killed'],
  },
];

function linesOf(text: string, label: string): string[] {
  const start = `${label} | `;
  return text
    .split('\n')
    .filter(line => line.startsWith(start))
    .map(line => line.slice(start.length));
}

/** Skips what follows where members cannot be processes. */
async function needsProcesses(this: Mocha.Context): Promise<void> {
  if ((await fabricProblem(PROCESSES)) !== undefined) this.skip();
}

describe('bowecho run', () => {
  const programs = new Programs();
  let commands: Command[] = [];
  const start = (source: string, ...args: string[]): Command => {
    const command = new Command(['run', '--fabric', PROCESSES, programs.add('program.mjs', source), ...args]);
    commands.push(command);
    return command;
  };
  const run = (source: string, ...args: string[]): Promise<CommandEnd> => start(source, ...args).ended;

  afterEach(async () => {
    await Promise.all(commands.map(command => command.end()));
    commands = [];
  });
  after(() => programs.remove());

  describe('prints', () => {
    before(needsProcesses);

    it('whole lines behind the names of their members, each to its stream, a last one without an end too', async () => {
      const { status, out, err } = await run(`
        for (let i = 0; i < 200; i++) { process.stdout.write('line '); process.stdout.write(i + '\\n'); }
        process.stderr.write('half a line');
      `);
      expect(status).to.equal(0);
      const expected = Array.from({ length: 200 }, (_, i) => `line ${i}`);
      for (const label of ['n1', 'n2', 'n3']) {
        expect(linesOf(out, label)).to.deep.equal(expected);
        expect(linesOf(err, label)).to.deep.equal(['half a line']);
      }
      expect(out.split('\n')).to.have.lengthOf(601);
    });

    it('a line of megabytes in pieces, and all of it', async () => {
      const { out } = await run(`process.stdout.write('é'.repeat(3_000_000));`, '--members', '1');
      const pieces = linesOf(out, 'n1');
      expect(pieces.length).to.be.above(40);
      expect(pieces.join('')).to.equal('é'.repeat(3_000_000));
    });

    it('what a member wrote before it says how that ended', async () => {
      const { err } = await run(`throw new Error('oops');`, '--members', '1');
      expect(linesOf(err, 'n1')).to.include('Error: oops');
      expect(err.trimEnd().split('\n').at(-1)).to.equal('bowecho run: n1 exited with status 1');
    });
  });

  it('passes on what is not its own', async function () {
    await needsProcesses.call(this);
    const { out } = await run(
      `console.log(JSON.stringify(process.argv.slice(2)), process.env.BOWECHO_FABRIC);`,
      'one',
      '--port',
      '8080',
      '--members',
      '2',
      '-x',
      '--fabric=shared-memory',
      '',
      '--',
      '--members',
      '9',
    );
    const expected = '["one","--port","8080","-x","","--members","9"] shared-memory';
    expect(out.trimEnd().split('\n').sort()).to.deep.equal([`n1 | ${expected}`, `n2 | ${expected}`]);
  });

  describe('ends', () => {
    before(needsProcesses);

    for (const { what, args, act, status, says } of CASES) {
      it(`with ${status} when: ${what}`, async () => {
        const command = start(OBEDIENT, ...args);
        const count = args.includes('--members') ? 1 : 3;
        const ids = Array.from({ length: count }, (_, i) => `n${i + 1}`);
        const pids = new Map<string, number>();
        for (const id of ids) {
          pids.set(id, Number((await command.seen(new RegExp(`^${id} \\| pid (\\d+)$`, 'm')))[1]));
        }
        if (typeof act === 'string') command.signal(act);
        else for (const id of act) process.kill(pids.get(id)!, 'SIGUSR2');
        const end = await command.ended;
        expect(end.err.split('\n').slice(0, -1)).to.have.members(says);
        expect(end.status).to.equal(status);
        expect(end.out).not.to.include('got SIGINT'); // the terminal's Ctrl-C is for the command alone
        for (const pid of pids.values()) expect(() => process.kill(pid, 0)).to.throw('ESRCH');
      });
    }

    it('at once by a second Ctrl-C', async () => {
      const command = start(OBEDIENT, '--members', '1', '--grace', '20', 'n1:asked=stay');
      await command.seen(/pid/);
      command.signal('SIGINT');
      await command.seen(/still here/);
      command.signal('SIGINT');
      expect(await command.ended).to.include({ status: 130 });
    });
  });

  describe('leaves no process behind', () => {
    before(needsProcesses);

    let server: Server;
    let port: string;
    const sockets: Socket[] = [];
    /** A member that is connected to the test while it lives, and says there when it is asked to end. */
    const connected = (asked: string): string => `
      import { connect } from 'node:net';
      const line = connect(Number(process.argv[2]), '127.0.0.1', () => console.log('connected'));
      process.on('SIGTERM', () => line.write('asked\\n', () => { ${asked} }));
    `;
    /** What each connected member says until it is gone, however that comes. */
    const lastWords = (): Promise<string[]> =>
      Promise.all(
        sockets.map(async socket => {
          let text = '';
          socket.setEncoding('utf8').on('data', (part: string) => (text += part));
          socket.on('error', () => undefined); // a killed process may reset its connection: it is gone all the same
          await once(socket, 'close');
          return text;
        }),
      );
    /** At both ends: the server may accept a connection later than the member has it. */
    const allConnected = async (command: Command): Promise<void> => {
      await Promise.all(['n1', 'n2', 'n3'].map(id => command.seen(new RegExp(`^${id} \\| connected`, 'm'))));
      while (sockets.length < 3) await once(server, 'connection');
    };

    beforeEach(async () => {
      sockets.length = 0;
      server = createServer(socket => sockets.push(socket));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      port = String((server.address() as AddressInfo).port);
    });
    afterEach(async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    });

    it('when it is killed', async () => {
      const command = start(connected('process.exit(0)'), port);
      await allConnected(command);
      const words = lastWords();
      command.child.kill('SIGKILL');
      expect(await words).to.deep.equal(['asked\n', 'asked\n', 'asked\n']);
    });

    it('when it is killed and members do not end', async () => {
      const command = start(connected(''), port, '--grace', '0.2');
      await allConnected(command);
      const words = lastWords();
      command.child.kill('SIGKILL');
      expect(await words).to.deep.equal(['asked\n', 'asked\n', 'asked\n']);
    });

    it('when nobody reads its output any more', async () => {
      const command = start(
        `${connected('process.exit(0)')} setInterval(() => console.log('more'), 5);`,
        port,
      );
      await allConnected(command);
      const words = lastWords();
      command.child.stdout.destroy();
      expect(await words).to.deep.equal(['asked\n', 'asked\n', 'asked\n']);
      const { status, err } = await command.ended;
      expect([status, err]).to.deep.equal([141, '']);
    });
  });

  const refused: readonly (readonly [what: string, args: readonly string[], sentence: RegExp])[] = [
    ['no file', ['run'], /missing required argument 'file'/],
    [
      'no members',
      ['run', 'x.js', '--members', '0'],
      /'--members <number>' argument '0' is invalid.* 1 to 64/,
    ],
    ['too many members', ['run', '--members', '65', 'x.js'], /argument '65' is invalid.* from 1 to 64/],
    ['half a member', ['run', 'x.js', '--members=1.5'], /argument '1.5' is invalid/],
    ['no members said', ['run', 'x.js', '--members'], /'--members <number>' argument missing/],
    ['a negative grace', ['run', 'x.js', '--grace', '-1'], /argument '-1' is invalid.* 0 to 3600/],
    [
      'a fabric that is none',
      ['run', PROGRAM, '--fabric', 'tcp'],
      /^bowecho run: --fabric must be one of 'auto', .* 'libfabric-shm', but is the text "tcp"; did you mean 'libfabric-tcp'\?$/m,
    ],
    [
      'an address that is not here',
      ['run', PROGRAM, '--host', '203.0.113.9'],
      /^bowecho run: --host must be an IP address of this machine, but 203\.0\.113\.9 is none; it has 127\.0\.0\.1/,
    ],
    ['no address said', ['run', 'x.js', '--host'], /'--host <address>' argument missing/],
    ['no fabric said', ['run', 'x.js', '--fabric'], /'--fabric <name>' argument missing/],
    ['an unknown option', ['run', '--memebrs', '3', 'x.js'], /unknown option '--memebrs'\n\(Did you mean/],
    ['an unknown command', ['rnu', 'x.js'], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    ['a file that is not there', ['run', 'no-such.js'], /^bowecho run: there is no file 'no-such.js'/],
    ['TypeScript', ['run', 'src/app.ts'], /^bowecho run: 'src\/app.ts' is TypeScript: compile it with tsc/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      const command = new Command(args);
      commands.push(command);
      const { status, out, err } = await command.ended;
      expect(status).to.equal(1);
      expect(out).to.equal('');
      expect(err).to.match(sentence);
      expect(err).not.to.include('    at ');
    });
  }

  it('explains itself', async () => {
    const helps = [
      ['help', 'run'],
      ['run', '--help'],
      ['run', 'x.js', '--help'],
    ];
    const texts = await Promise.all(
      helps.map(async args => {
        const command = new Command(args);
        commands.push(command);
        return command.ended;
      }),
    );
    for (const { status, out } of texts) {
      expect(status).to.equal(0);
      expect(out)
        .to.match(/^Usage: bowecho run \[options\] <file> \[args\.\.\.\]/)
        .and.include('Exit status:');
    }
    const version = new Command(['--version']);
    commands.push(version);
    expect(await version.ended).to.deep.include({ status: 0 });
    expect(version.out).to.match(/^\d+\.\d+\.\d+\n$/);
  });
});
