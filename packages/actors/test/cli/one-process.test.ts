/** `bowecho run` with all members in its own process: who they take themselves for, and that it ends as one process does. */
import { expect } from 'chai';
import { Command, type CommandEnd } from './command.js';
import { Programs } from './programs.js';

const ACTORS = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);

const COUNTER = `
  import { createCluster, defineActor } from ${ACTORS};
  export const Counter = defineActor({
    name: 'counter', state: () => ({ value: 0 }), commands: { add: state => ++state.value },
  });
  export const start = () => createCluster({ actors: [Counter], log: false });
`;

/** A program that meets the others, however late it asks who it is. */
const MEET = `
  const cluster = await start();
  await cluster.whenReady();
  await cluster.get(Counter, 'c').add();
  console.log(cluster.id, cluster.view.members.join());
`;

const TOGETHER = 'all 3 members run in this process, unlabelled\n';

describe('bowecho run in one process', () => {
  const programs = new Programs();
  let commands: Command[] = [];
  const start = (source: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Command => {
    const file = programs.add('program.mjs', source);
    const command = new Command(['run', ...args, file, 'one', '-x'], env);
    commands.push(command);
    return command;
  };
  const run = (source: string): Promise<CommandEnd> => start(source, ['--fabric', 'in-process']).ended;

  before(() => {
    programs.add('counter.mjs', COUNTER);
    programs.add(
      'slow.mjs',
      `await new Promise(resolve => setTimeout(resolve, 20)); export const slow = true;`,
    );
  });
  afterEach(async () => {
    await Promise.all(commands.map(command => command.end()));
    commands = [];
  });
  after(() => programs.remove());

  const meetings: readonly (readonly [what: string, source: string])[] = [
    ['at its top', `${COUNTER} ${MEET}`],
    ['in a function of a module that they share', `import { Counter, start } from './counter.mjs'; ${MEET}`],
    [
      'behind a shared module that awaits',
      `import './slow.mjs'; import { Counter, start } from './counter.mjs'; ${MEET}`,
    ],
    [
      'after it awaited this and that',
      `import { Counter, start } from './counter.mjs';
       await new Promise(resolve => setTimeout(resolve, 5));
       await import('./slow.mjs');
       await Promise.all([new Promise(setImmediate), null]);
       ${MEET}`,
    ],
  ];
  for (const [where, source] of meetings) {
    it(`tells each member who it is, where the program starts its cluster ${where}`, async () => {
      const { status, out, err } = await run(source);
      expect(err).to.equal(`bowecho run: fabric 'in-process'; ${TOGETHER}`);
      expect(out.trimEnd().split('\n').sort()).to.deep.equal(['n1 n1,n2,n3', 'n2 n1,n2,n3', 'n3 n1,n2,n3']);
      expect(status).to.equal(0);
    });
  }

  it('is chosen, with the reason, where processes cannot be connected', async () => {
    const { status, out, err } = await start(`${COUNTER} ${MEET}`, [], {
      NODE_OPTIONS: '--no-addons',
      BOWECHO_FABRIC: '',
    }).ended;
    expect(err).to.match(
      /^bowecho run: processes cannot be connected here: .+; all 3 members run in this process/,
    );
    expect(err.trimEnd().split('\n')).to.have.lengthOf(1);
    expect(out.trimEnd().split('\n')).to.have.lengthOf(3);
    expect(status).to.equal(0);
  });

  for (const [where, args, more] of [
    ['--fabric', ['--fabric', 'shared-memory'], {}],
    ['BOWECHO_FABRIC', [], { BOWECHO_FABRIC: 'shared-memory' }],
  ] as const) {
    it(`is not chosen where ${where} asks for processes, and why there are none is said once`, async () => {
      const env = { NODE_OPTIONS: '--no-addons', ...more };
      const { status, out, err } = await start(`console.log('runs');`, args, env).ended;
      expect(status).to.equal(1);
      expect(out).to.equal('');
      const words = "bowecho run: the fabric 'shared-memory' cannot be used here: ";
      expect(err.startsWith(words), err).to.equal(true);
      expect(err.endsWith(`; without ${where} the best that this machine has is taken\n`), err).to.equal(
        true,
      );
      expect(err.trimEnd().split('\n')).to.have.lengthOf(1);
    });
  }

  it('gives the program its arguments', async () => {
    const { out } = await start(
      `${COUNTER}
       await start();
       console.log(JSON.stringify(process.argv.slice(1)));`,
      ['--fabric', 'in-process', '--members', '1'],
    ).ended;
    expect(JSON.parse(out)).to.deep.equal([`${programs.folder}/program.mjs`, 'one', '-x']);
  });

  const ends: readonly (readonly [what: string, source: string, status: number])[] = [
    ['it sets', `process.exitCode = 5;`, 5],
    ['it exits with', `process.exit(6);`, 6],
    ['of an error that nobody catches', `if (cluster.id === 'n2') throw new Error('oops of n2');`, 1],
    [
      'of an error while others wait',
      `if (cluster.id === 'n1') throw new Error('oops'); await new Promise(() => setInterval(() => {}, 1000));`,
      1,
    ],
  ];
  for (const [what, source, status] of ends) {
    it(`ends with the status ${what}`, async () => {
      const end = await run(`${COUNTER} ${MEET} ${source}`);
      expect(end.status).to.equal(status);
      if (source.includes('oops')) expect(end.err).to.include('Error: oops').and.include('program.mjs');
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`has all members leave on ${signal}, and ends by it`, async () => {
      const command = start(
        `${COUNTER} ${MEET}
         const close = cluster.close.bind(cluster);
         cluster.close = () => close().then(() => console.log('left', cluster.id));
         setInterval(() => {}, 1000);
         console.log('open', cluster.id);`,
        ['--fabric', 'in-process'],
      );
      for (const id of ['n1', 'n2', 'n3']) await command.seen(new RegExp(`open ${id}`));
      command.child.kill(signal);
      const end = await command.ended;
      expect(end.signal).to.equal(signal);
      for (const id of ['n1', 'n2', 'n3']) expect(end.out).to.include(`left ${id}`);
    });
  }

  const mistakes: readonly (readonly [what: string, name: string, source: string])[] = [
    ['that is CommonJS', 'program.cjs', `console.log('runs');`],
    ['that starts no cluster', 'program.mjs', `console.log('runs');`],
  ];
  for (const [what, name, source] of mistakes) {
    it(`says what is wrong with a program ${what}`, async () => {
      const command = new Command(['run', '--fabric', 'in-process', programs.add(name, source)]);
      commands.push(command);
      const { err } = await command.ended;
      for (const id of ['n1', 'n2', 'n3']) expect(err).to.include(`${id} has not called createCluster() yet`);
    });
  }
});
