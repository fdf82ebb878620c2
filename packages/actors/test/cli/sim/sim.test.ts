/**
 * `bowecho sim` as a person runs it: what it says of worlds that go well and of one that does not, and how that one is seen
 * again. The bug is planted by a package of the name @bowecho/testing, in a folder of its own, that changes the shipped
 * protocol before it hands the real package out.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, type CommandEnd } from '../command.js';
import { Programs } from '../programs.js';

const PACKAGES = new URL('../../../../../', import.meta.url);
const TESTING = new URL('testing/dist/src/index.js', PACKAGES).href;
const CORE = new URL('core/dist/src/index.js', PACKAGES).href;
/** From here the real package is found. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A member's clock does not follow what it receives, which the total order needs. */
const NO_CLOCK_RULE = `
  import { Multicast } from '${CORE}';
  export * from '${TESTING}';
  const { receive } = Multicast.prototype;
  Multicast.prototype.receive = function () {
    const { clock } = this;
    const fresh = receive.call(this);
    this.clock = clock;
    return fresh;
  };`;

/** What no checker expects. */
const THROWS = `
  export * from '${TESTING}';
  export const runSeeds = ({ from }) => {
    throw new RangeError('there is no world ' + from);
  };`;

const BROKEN = `throw new Error('half installed');`;

const SUMMARY =
  /^([\d,]+) seeds? in \d+\.\d s, [\d,]+ a second; (?:([\d,]+) faults? of (?:\d+ of )?\d+ kinds|no fault) fired; (.*)\n$/m;

interface Said {
  readonly worlds: number;
  readonly events: number;
  readonly fired: Readonly<Record<string, number>>;
  readonly violation?: {
    readonly seed: number;
    readonly checker: string;
    readonly replay: string;
    readonly shrunk?: object;
  };
}

/** The nodes that have a line in a time-line. */
function nodesIn(timeline: string): Set<string> {
  return new Set([...timeline.matchAll(/^ *\d+ +(\d+) {2}[a-z]/gm)].map(match => match[1]!));
}

/** A command that was printed, as arguments. */
function argumentsIn(text: string, pattern: RegExp): string[] {
  const [, command] = pattern.exec(text)!;
  return command!.split(' ');
}

describe('bowecho sim', () => {
  const programs = new Programs();
  let commands: Command[] = [];
  const start = (args: readonly string[], cwd = HERE): Command => {
    const command = new Command(['sim', ...args], {}, cwd);
    commands.push(command);
    return command;
  };
  const run = (args: readonly string[], cwd?: string): Promise<CommandEnd> => start(args, cwd).ended;

  /** A folder of a project that has this for the package; an empty text: none. */
  const project = (name: string, source = ''): string => {
    const folder = join(programs.folder, name);
    const place = join(folder, 'node_modules/@bowecho/testing');
    mkdirSync(source === '' ? folder : place, { recursive: true });
    if (source === '') return folder;
    writeFileSync(join(place, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
    writeFileSync(join(place, 'index.js'), source);
    return folder;
  };

  afterEach(async () => {
    await Promise.all(commands.map(command => command.end()));
    commands = [];
  });
  after(() => programs.remove());

  it('says the same to people and to programs, and the same whenever it is asked', async () => {
    const args = ['--nodes', '4', '--seed', '100', '--seeds', '30'];
    const [people, json] = await Promise.all([run(args), run([...args, '--json'])]);
    expect([people.status, people.err, json.status, json.err]).to.deep.equal([0, '', 0, '']);
    const [, seeds, faults, verdict] = SUMMARY.exec(people.out)!;
    const said = JSON.parse(json.out) as Said;
    const fired = Object.values(said.fired).reduce((sum, count) => sum + count, 0);
    expect([seeds, faults, verdict]).to.deep.equal(['30', fired.toLocaleString('en-US'), 'no violation']);
    expect(fired).to.be.above(30);
    expect(said).to.include({ profile: 'faulty', nodes: 4, seed: 100, worlds: 30 });
    expect(said.violation).to.equal(undefined);
  });

  it('runs a thousand worlds where nothing is said, and fewer where it is', async () => {
    const { out } = await run(['--profile', 'small', '--nodes', '2']);
    const [, seeds, , verdict] = SUMMARY.exec(out)!;
    expect([seeds, verdict]).to.deep.equal(['1,000', 'no violation']);
    const few = await run(['--profile', 'small', '--seeds', '1']);
    expect(SUMMARY.exec(few.out)![1]).to.equal('1');
  }).timeout(60_000);

  it('shows one world of so many members, the same each time', async () => {
    const args = ['--nodes', '7', '--seed', '3', '--timeline'];
    const [first, second] = await Promise.all([run(args), run([...args, '--seeds', '1'])]);
    expect(first).to.deep.equal(second);
    expect([first.status, first.err]).to.deep.equal([0, '']);
    expect(first.out).to.match(/\nseed 3: no violation\n$/);
    // And who joins besides.
    expect([...nodesIn(first.out)]).to.include.members(['0', '1', '2', '3', '4', '5', '6']);
  });

  it('finds a planted bug, cuts its world down, and shows it again both ways', async () => {
    const folder = project('planted', NO_CLOCK_RULE);
    const found = await run(['--nodes', '4', '--shrink', 'small.json'], folder);
    expect([found.status, found.err]).to.deep.equal([1, '']);
    const [, seed] = /^seed (\d+) breaks total-order: /.exec(found.out)!;
    const [, seeds, , verdict] = SUMMARY.exec(found.out)!;
    expect([seeds, verdict]).to.deep.equal([String(Number(seed) + 1), `a violation at seed ${seed}`]);

    const again = argumentsIn(found.out, /^ {2}bowecho sim (--nodes 4 .* --timeline)$/m);
    const cut = argumentsIn(found.out, /^ {2}bowecho sim (--world small\.json)$/m);
    for (const args of [again, cut]) {
      const shown = await run(args, folder);
      expect([shown.status, shown.err]).to.deep.equal([1, '']);
      expect(shown.out).to.match(/^ {3}time us {2}node /);
      expect(shown.out).to.match(new RegExp(`^seed ${seed} breaks total-order: `, 'm'));
      expect([...nodesIn(shown.out)]).to.include.members(['0', '1', '2', '3']);
      expect(shown.out).not.to.include('mocha');
    }

    const json = await run(['--nodes', '4', '--json', '--shrink', 'same.json'], folder);
    expect([json.status, json.err]).to.deep.equal([1, '']);
    const { violation } = JSON.parse(json.out) as Said;
    expect(violation).to.include({ seed: Number(seed), checker: 'total-order' });
    expect(violation!.replay).to.equal(['bowecho', 'sim', ...again].join(' '));
    const [small, same] = ['small.json', 'same.json'].map(
      name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object,
    );
    expect(violation!.shrunk).to.deep.equal(same);
    expect(same).to.deep.equal(small);
  });

  it('writes no world where none fails', async () => {
    const folder = project('well', `export * from '${TESTING}';`);
    const { status } = await run(['--seeds', '2', '--shrink', 'small.json'], folder);
    expect(status).to.equal(0);
    expect(() => readFileSync(join(folder, 'small.json'))).to.throw('ENOENT');
  });

  it('says which seed threw what no checker expects', async () => {
    const { status, out, err } = await run(['--seed', '5', '--shrink', 'x.json'], project('throws', THROWS));
    expect(status).to.equal(1);
    expect(out).to.match(/^seed 5 breaks the run itself: RangeError: there is no world 5\n {2}at /);
    expect(out).to.match(/; no fault fired; a violation at seed 5\n$/);
    expect(err).to.equal(
      "bowecho sim: only what a checker finds can be shrunk, so nothing is written to 'x.json'\n",
    );
  });

  it('ends when nobody reads its output any more', async () => {
    // More than fits into a pipe, so that the command still writes when it is told.
    const command = start(['--profile', 'large', '--timeline']);
    await command.seen(/^ {3}time us/);
    command.child.stdout.destroy();
    const { status, err } = await command.ended;
    expect([status, err]).to.deep.equal([141, '']);
  }).timeout(60_000);

  it('says how to install the package where it is missing, and why it cannot be loaded', async () => {
    const missing = await run([], project('missing'));
    expect([missing.status, missing.out]).to.deep.equal([1, '']);
    expect(missing.err).to.match(
      /^bowecho sim: the package @bowecho\/testing cannot be loaded in \S+ \(Cannot find .*\); `npm install --save-dev @bowecho\/testing` brings it .*\n$/,
    );
    const broken = await run([], project('broken', BROKEN));
    expect([broken.status, broken.out]).to.deep.equal([1, '']);
    expect(broken.err).to.include('(half installed)').and.not.to.include('    at ');
  });

  const refused: readonly (readonly [what: string, args: readonly string[], sentence: RegExp])[] = [
    ['one member', ['--nodes', '1'], /argument '1' is invalid.* whole number from 2 to 64/],
    ['65 members', ['--nodes', '65'], /argument '65' is invalid.* whole number from 2 to 64/],
    [
      'a seed that is none',
      ['--seed', 'bank-1'],
      /argument 'bank-1' is invalid.* from 0 to 1000000000000000/,
    ],
    ['a negative seed', ['--seed', '-1'], /argument '-1' is invalid.* from 0 to 1000000000000000/],
    ['no seeds', ['--seeds', '0'], /argument '0' is invalid.* from 1 to 1000000000\./],
    ['half a seed', ['--seeds', '1.5'], /argument '1\.5' is invalid.* from 1 to 1000000000\./],
    [
      'a profile that is none',
      ['--profile', 'hostil'],
      /^bowecho sim: --profile must be one of small, mixed, large, faulty, hostile, reading, but is 'hostil'; did you mean 'hostile'\?\n$/,
    ],
    [
      'the time-line of many worlds',
      ['--timeline', '--seeds', '2'],
      /^bowecho sim: --timeline shows one world, but --seeds is 2: leave --seeds out, or say 1\n$/,
    ],
    ['a time-line as JSON', ['--timeline', '--json'], /'--timeline' cannot be used with option '--json'/],
    [
      'a folder that is not there',
      ['--shrink', '/no-such-folder/x.json'],
      /^bowecho sim: --shrink names '\/no-such-folder\/x\.json', but there is no folder \/no-such-folder\n$/,
    ],
    [
      'a folder for a file',
      ['--shrink', '.'],
      /^bowecho sim: --shrink must name a file, but '\.' is a folder\n$/,
    ],
    [
      'a world that is not there',
      ['--world', 'no.json'],
      /^bowecho sim: --world cannot be read: ENOENT.*\n$/,
    ],
    [
      'a file that is no world',
      ['--world', fileURLToPath(import.meta.url)],
      /^bowecho sim: '.*' is no world: --world takes a file that --shrink has written\n$/,
    ],
    [
      'a world and a seed',
      ['--world', 'x.json', '--seed', '3'],
      /'--world <file>' cannot be used with option '--seed <number>'/,
    ],
    ['an unknown option', ['--node', '3'], /unknown option '--node'\n\(Did you mean --nodes\?\)/],
    ['an argument', ['7'], /too many arguments for 'sim'/],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses ${what}`, async () => {
      const { status, out, err } = await run(args);
      expect([status, out]).to.deep.equal([1, '']);
      expect(err).to.match(sentence);
      expect(err).not.to.include('    at ');
    });
  }

  it('explains itself, and every profile that there is', async () => {
    const [help, wrong] = await Promise.all([run(['--help']), run(['--profile', '?'])]);
    expect(help.status).to.equal(0);
    expect(help.out)
      .to.match(/^Usage: bowecho sim \[options\]/)
      .and.to.include('Exit status:');
    const [, profiles] = /^Profiles:\n((?: {2}.*\n)+)/m.exec(help.out)!;
    const explained = [...profiles!.matchAll(/^ {2}(\w+) /gm)].map(match => match[1]!);
    expect(wrong.err).to.include(`must be one of ${explained.join(', ')}, but is '?'`);
  });
});
