/** `bowecho doctor` as a person runs it, on this machine: what it says, its exit status, and no process left however it ends. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fabricProblem } from '@bowecho/actors/local';
import { expect } from 'chai';
import { WIDTH } from '../../../src/cli/hanging-lines.js';
import { outwardHost } from '../../../src/cli/local/local-host.js';
import { Command, type CommandEnd } from '../command.js';
import { Programs } from '../programs.js';

/** Short, and long enough to measure something. */
const SHORT = ['--seconds', '0.02'];

interface Said {
  readonly host: string;
  readonly isUsable: boolean;
  readonly reason?: string;
  readonly fabrics: readonly { readonly name: string; readonly reason?: string }[];
  readonly limits: Readonly<Record<string, unknown>>;
  readonly probes?: readonly {
    readonly fabric: string;
    readonly reason?: string;
    readonly bytesPerSecond?: number;
  }[];
}

/** Lets the process of a probe that is called pong do something, and leaves the numbers of both. */
const PRELOAD = `
  import { writeFileSync } from 'node:fs';
  const [, main = '', text] = process.argv;
  if (main.endsWith('probe-process.js')) {
    const { role, fabric } = JSON.parse(text);
    writeFileSync(new URL(role, import.meta.url), String(process.pid));
    const [victim, verb] = process.env.BOWECHO_TEST_PONG.split(':');
    if (role === 'pong' && fabric === victim) {
      if (verb === 'crash') process.kill(process.pid, 'SIGSEGV');
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
  }`;

async function needsProcesses(this: Mocha.Context): Promise<void> {
  if ((await fabricProblem('shared-memory')) !== undefined) this.skip();
}

describe('bowecho doctor', () => {
  const programs = new Programs();
  let commands: Command[] = [];
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Command => {
    const command = new Command(['doctor', ...args], env);
    commands.push(command);
    return command;
  };
  const run = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandEnd> =>
    start(args, env).ended;

  afterEach(async () => {
    await Promise.all(commands.map(command => command.end()));
    commands = [];
  });
  after(() => programs.remove());

  it('says the same to people and to programs, of all fabrics, and tries those that can be used', async () => {
    const isUsable = (await fabricProblem('auto')) === undefined;
    const { status, out, err } = await run(SHORT);
    expect(err).to.equal('');
    expect(status).to.equal(isUsable ? 0 : 1);
    expect(out).to.include(`\naddress     ${outwardHost().address} (`);
    expect(out.split('\n').filter(line => line.length > WIDTH)).to.deep.equal([]);

    const json = await run(['--json', ...SHORT]);
    expect([json.status, json.err]).to.deep.equal([status, '']);
    const said = JSON.parse(json.out) as Said;
    expect(said).to.include({ host: outwardHost().address, isUsable });
    for (const { name, reason } of said.fabrics) {
      expect(out).to.match(new RegExp(`^  ${name} +${reason === undefined ? 'usable' : 'no'}\\b`, 'm'));
    }
    const tried = (said.probes ?? []).map(({ fabric }) => fabric);
    const usable = said.fabrics.filter(({ reason }) => reason === undefined).map(({ name }) => name);
    expect(tried).to.deep.equal(usable.filter(name => name !== 'auto' && name !== 'libfabric'));
    for (const { fabric, bytesPerSecond } of said.probes ?? []) {
      expect(bytesPerSecond).to.be.above(0);
      expect(out).to.match(
        new RegExp(`^  ${fabric} +works +p50 +[\\d.]+ [um]s  p99 +[\\d.]+ [um]s +[\\d.]+ [GM]B/s$`, 'm'),
      );
    }
  });

  it('looks at what it is told, and tries nothing if it is told so', async () => {
    const args = [
      '--host',
      '127.0.0.1',
      '--no-probe',
      '--fabric',
      'shared-memory',
      'libfabric-efa',
      '--json',
    ];
    const { out } = await run(args);
    const { host, fabrics, probes } = JSON.parse(out) as Said;
    expect(host).to.equal('127.0.0.1');
    expect(fabrics.map(({ name }) => name)).to.deep.equal(['shared-memory', 'libfabric-efa']);
    expect(probes).to.equal(undefined);
  });

  it('tries auto if it is named', async function () {
    await needsProcesses.call(this);
    const { status, out } = await run(['--fabric', 'auto', ...SHORT]);
    expect(status).to.equal(0);
    expect(out).to.match(/^ {2}auto +works /m);
  });

  it('says which fabric cannot be used, and ends with 1', async function () {
    if ((await fabricProblem('libfabric-efa')) === undefined) this.skip(); // a machine that has one
    const { status, out } = await run(['--fabric', 'libfabric-efa']);
    expect(status).to.equal(1);
    expect(out).to.match(/\nCannot be used here: libfabric-efa\.\n$/);
  });

  it('works without the addon', async () => {
    const { status, out, err } = await run([], { NODE_OPTIONS: '--no-addons' });
    expect([status, err]).to.deep.equal([1, '']);
    expect(out).to.match(/^addon +the native addon /m);
    expect(out.match(/^ {2}[a-z-]+ +no +needs the addon$/gm)).to.have.lengthOf(7);
    expect(out).to.match(/\nNo fabric between processes can be used here; .*\n$/);
  });

  it('works without the package', async () => {
    const file = programs.add(
      'no-rdma.mjs',
      `import { register } from 'node:module';
       const hooks = \`export async function resolve(name, context, next) {
         if (name === '@bowecho/rdma') throw new Error("Cannot find package '@bowecho/rdma'");
         return next(name, context);
       }\`;
       register('data:text/javascript,' + encodeURIComponent(hooks));`,
    );
    // Newer versions of Node have another way, which Node 20 has not, and say so.
    const env = { NODE_OPTIONS: `--no-deprecation --import ${pathToFileURL(file).href}` };
    const { status, out, err } = await run([], env);
    expect([status, err]).to.deep.equal([1, '']);
    expect(out.replace(/\s+/g, ' ')).to.include(
      "package the package @bowecho/rdma cannot be loaded (Cannot find package '@bowecho/rdma'); `npm install @bowecho/rdma` brings it",
    );
    const json = await run(['--json'], env);
    expect(json.status).to.equal(1);
    expect((JSON.parse(json.out) as Said).reason).to.match(/^the package @bowecho\/rdma cannot be loaded/);
  });

  describe('leaves no process of a probe behind', () => {
    before(needsProcesses);

    let preload: string;
    beforeEach(() => {
      preload = programs.add('preload.mjs', PRELOAD);
    });
    const sabotage = (what: string): NodeJS.ProcessEnv => ({
      NODE_OPTIONS: `--import ${pathToFileURL(preload).href}`,
      BOWECHO_TEST_PONG: what,
    });
    /** The processes of the last probe. */
    const expectNone = (): void => {
      for (const role of ['ping', 'pong']) {
        const file = join(programs.folder, role);
        if (!existsSync(file)) continue;
        const pid = Number(readFileSync(file, 'utf8'));
        expect(() => process.kill(pid, 0), role).to.throw('ESRCH');
      }
    };

    it('when a fabric crashes, and goes on with the others', async () => {
      const named = ['--fabric', 'shared-memory', 'auto', ...SHORT];
      const { status, out } = await run(named, sabotage('auto:crash'));
      expect(status).to.equal(0);
      expect(out.replace(/\s+/g, ' ')).to.match(
        / auto failed the probe of fabric 'auto' ended: one of its processes was ended by SIGSEGV/,
      );
      expect(out).to.match(/^ {2}shared-memory +works /m);
      expectNone();
    });

    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      it(`when it gets ${signal} while a fabric hangs, and ends with ${status}`, async () => {
        const command = start(['--fabric', 'shared-memory'], sabotage('shared-memory:hang'));
        await command.seen(/^Tried between/m);
        command.signal(signal);
        const { status: ended, out, err } = await command.ended;
        expect([ended, err]).to.deep.equal([status, '']);
        expect(out).not.to.match(/works|failed|To get more/);
        expectNone();
      });
    }

    it('when nobody reads its output any more', async () => {
      const command = start(['--fabric', 'shared-memory', 'auto', ...SHORT], sabotage('nobody:nothing'));
      await command.seen(/^Tried between/m);
      command.child.stdout.destroy();
      const { status, err } = await command.ended;
      expect([status, err]).to.deep.equal([141, '']);
      expectNone();
    });
  });

  const refused: readonly (readonly [what: string, args: readonly string[], sentence: RegExp])[] = [
    [
      'an address that is not here',
      ['--host', '203.0.113.9'],
      /^bowecho doctor: --host must be an IP address of this machine, but 203\.0\.113\.9 is none; it has 127\.0\.0\.1/,
    ],
    [
      'a name for an address',
      ['--host', 'localhost'],
      /^bowecho doctor: --host must be .* is the text "localhost"; it has/,
    ],
    ['no address', ['--host'], /'--host <address>' argument missing/],
    [
      'a fabric that is none',
      ['--fabric', 'shared-memory', 'verbs'],
      /^bowecho doctor: --fabric must be one of .* did you mean 'libfabric-verbs'\?$/m,
    ],
    [
      'in-process',
      ['--fabric', 'in-process'],
      /^bowecho doctor: the fabric 'in-process' needs nothing of a machine; --fabric can name auto, /,
    ],
    ['no time', ['--seconds', '0'], /argument '0' is invalid.* from 0\.01 to 60/],
    ['an unknown option', ['--probe-all'], /unknown option '--probe-all'/],
    ['an argument', ['libfabric-tcp'], /too many arguments for 'doctor'/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, out, err } = await run(args);
      expect([status, out]).to.deep.equal([1, '']);
      expect(err).to.match(sentence);
      expect(err).not.to.include('    at ');
    });
  }

  it('explains itself', async () => {
    const { status, out } = await run(['--help']);
    expect(status).to.equal(0);
    expect(out)
      .to.match(/^Usage: bowecho doctor \[options\]/)
      .and.to.include('Exit status:');
  });
});
