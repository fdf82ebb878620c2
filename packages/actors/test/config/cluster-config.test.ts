/**
 * Goal: a wrong configuration is one error that lists everything that is wrong, with the value and what is allowed.
 * Method: one change at a time to a good configuration, and one configuration with everything wrong.
 */
import { expect } from 'chai';
import { pino } from 'pino';
import { DEFAULTS, FABRICS, resolveConfig } from '../../src/config/index.js';
import type { ClusterConfig } from '../../src/config/index.js';
import { defineActor } from '../../src/definition/index.js';
import { thrown } from '../definition/thrown.js';

const Counter = defineActor({
  name: 'counter',
  state: () => ({ n: 0 }),
  commands: { add: state => ++state.n },
});
const Another = defineActor({
  name: 'another',
  state: () => ({ n: 0 }),
  commands: { add: state => ++state.n },
});
const Namesake = defineActor({
  name: 'counter',
  state: () => ({ n: 0 }),
  commands: { sub: state => --state.n },
});
const Broken = defineActor({ name: 'broken', shards: 0, state: () => ({ n: 0 }) });
class Undecorated {}

const tls = {
  cert: '-----BEGIN CERTIFICATE',
  key: '-----BEGIN PRIVATE KEY',
  ca: '-----BEGIN CERTIFICATE',
};
const SECRET = 'correct horse battery';

const GOOD: ClusterConfig = {
  id: 'n1',
  seeds: ['n1', 'n2', 'n3'],
  fabric: 'in-process',
  actors: [Counter],
  log: false,
};

const problemsOf = (change: object): readonly string[] => {
  const error = thrown(() => resolveConfig({ ...GOOD, ...change }));
  expect(error.code).to.equal('CONFIG_INVALID');
  return error.problems;
};

describe('cluster configuration', () => {
  it('is filled up with the defaults', () => {
    const resolved = resolveConfig({ ...GOOD, actors: [Counter, Another] });
    const { ringBytes, queueBytes, bootstrapTimeout, callTimeout, suspicionTimeout } = DEFAULTS;
    expect(resolved).to.include({ id: 'n1', listen: 'n1', fabric: 'in-process' });
    expect(resolved).to.include({ ringBytes, queueBytes, bootstrapTimeout, callTimeout, suspicionTimeout });
    expect(resolved.seeds).to.deep.equal(GOOD.seeds);
    expect(resolved.actors.map(actor => actor.name)).to.deep.equal(['another', 'counter']);
    expect(resolved).to.be.frozen;
  });

  it('takes pino, the console and silence for a log', () => {
    const logger = pino({ level: 'silent' });
    expect(resolveConfig({ ...GOOD, log: logger }).log).to.equal(logger);
    expect(resolveConfig({ ...GOOD, log: console }).log).to.equal(console);
    resolveConfig(GOOD).log.error({ a: 1 }, 'nobody hears this');
  });

  const cases: [string, object, string][] = [
    [
      'an id with a slash',
      { id: 'a/b', listen: 'n1' },
      'id must be 1 to 64 of the characters A-Z a-z 0-9 . _ -, but is the text "a/b"',
    ],
    ['an id of 65 characters', { id: 'x'.repeat(65), listen: 'n1' }, 'id must be 1 to 64'],
    ['no seeds', { seeds: [] }, 'seeds must be a list of 1 to 64 addresses, but has 0'],
    [
      'a text of seeds',
      { seeds: 'n1,n2' },
      'seeds must be a list of 1 to 64 addresses, but is the text "n1,n2"',
    ],
    ['a repeated seed', { seeds: ['n1', 'n2', 'n1'] }, 'seeds[2] repeats seeds[0], the text "n1"'],
    [
      'a seed with a space',
      { seeds: ['n1', 'n 2'] },
      'seeds[1] must be an address of 1 to 255 characters without spaces',
    ],
    [
      'a stranger',
      { listen: 'n9' },
      'listen is the text "n9", which is not among the seeds n1, n2, n3: in this version every member is a founder; joining a running group comes later',
    ],
    [
      'an id that is no seed',
      { id: 'n9' },
      'listen (by default the id) is the text "n9", which is not among the seeds',
    ],
    ['a number to listen at', { listen: 7400 }, 'listen must be an address'],
    [
      'an unknown fabric',
      { fabric: 'ethernet' },
      "fabric must be one of 'auto', 'in-process', 'shared-memory', 'libfabric', 'libfabric-verbs', 'libfabric-efa', " +
        `'libfabric-tcp', 'libfabric-shm', but is the text "ethernet"`,
    ],
    ['a misspelt fabric', { fabric: 'shared_memory' }, `"shared_memory"; did you mean 'shared-memory'?`],
    ['half a fabric', { fabric: 'verbs' }, `"verbs"; did you mean 'libfabric-verbs'?`],
    ['a fabric of another kind', { fabric: 7 }, 'but is the number 7'],
    [
      'an unknown fabric, and does not say where its members must be',
      { fabric: 'x', listen: 'n9' },
      'fabric must',
    ],
    ['no actors', { actors: [] }, 'actors must be a list of actor classes, but is empty'],
    [
      'an actor alone',
      { actors: Counter },
      'actors must be a list of actor classes, but is the function or class counter',
    ],
    [
      'an undecorated class',
      { actors: [Undecorated] },
      'actors[0] (class Undecorated): class Undecorated is not an actor',
    ],
    ['a number for an actor', { actors: [5] }, 'actors[0]: an actor is a class, but this is the number 5'],
    [
      'two actors of one name',
      { actors: [Counter, Namesake] },
      "actors[1] (class counter) has the name of class counter: 'counter'",
    ],
    ['an actor twice', { actors: [Counter, Counter] }, "actors[1] is listed twice: 'counter'"],
    [
      'a log without warn',
      { log: { info: () => undefined } },
      "log must be false or a logger like pino's, but a plain object has no trace, debug, warn, error",
    ],
    [
      'a small ring',
      { ringBytes: 2048 },
      'ringBytes must be a whole number from 4096 to 1073741824 bytes, but is the number 2048',
    ],
    ['a large ring', { ringBytes: 2 ** 31 }, 'ringBytes must be a whole number from 4096'],
    ['an odd ring', { ringBytes: 5000 }, 'ringBytes must be a power of two, but is the number 5000'],
    ['no patience', { bootstrapTimeout: 0 }, 'bootstrapTimeout must be a whole number from 1 to 86400000 ms'],
    ['a textual timeout', { callTimeout: '5s' }, 'callTimeout must be a whole number'],
    [
      'a suspicion at once',
      { suspicionTimeout: 99 },
      'suspicionTimeout must be a whole number from 100 to 86400000 ms, but is the number 99',
    ],
    [
      'a guard that is neither',
      { determinismGuard: 'yes' },
      'determinismGuard must be true or false, but is ',
    ],
    ['a small queue', { queueBytes: 1 }, 'queueBytes must be a whole number from 4096'],
    [
      'a misspelt option',
      { ringbytes: 4096 },
      "the configuration has no option 'ringbytes': did you mean 'ringBytes'?",
    ],
    [
      'an unknown option',
      { dataDir: '.' },
      "the configuration has no option 'dataDir': known are id, listen",
    ],
  ];
  it('guards handlers where it is not told otherwise, but for production', () => {
    const before = process.env['NODE_ENV'];
    try {
      process.env['NODE_ENV'] = 'production';
      expect(resolveConfig(GOOD).determinismGuard).to.equal(false);
      expect(resolveConfig({ ...GOOD, determinismGuard: true }).determinismGuard).to.equal(true);
      delete process.env['NODE_ENV'];
      expect(resolveConfig(GOOD).determinismGuard).to.equal(true);
    } finally {
      if (before === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = before;
    }
  });

  for (const [what, change, sentence] of cases) {
    it(`refuses ${what}`, () => {
      const problems = problemsOf(change);
      expect(problems, problems.join('\n')).to.have.lengthOf(1);
      expect(problems[0]).to.include(sentence);
    });
  }

  describe('between processes', () => {
    const BETWEEN = {
      ...GOOD,
      fabric: 'auto',
      listen: '127.0.0.1:7401',
      seeds: ['127.0.0.1:7401', '[::1]:7402'],
    } as const;
    const wide = { listen: '0.0.0.0:7401', seeds: ['n1:7401', 'n2:7401'] };

    it('knows itself by the address where it listens', () => {
      const resolved = resolveConfig(BETWEEN);
      expect(resolved).to.include({ fabric: 'auto', mySeed: BETWEEN.listen });
      expect(resolved.security).to.deep.equal({ kind: 'none' });
    });

    it('takes a secret, certificates or nothing where members are reached from elsewhere', () => {
      const secure = (more: object): object => resolveConfig({ ...BETWEEN, ...wide, ...more }).security;
      expect(secure({ secret: SECRET })).to.deep.equal({ kind: 'secret', secret: SECRET });
      expect(secure({ tls })).to.deep.equal({ kind: 'certificates', ...tls });
      expect(secure({ insecure: true })).to.deep.equal({ kind: 'none' });
      const advertised = resolveConfig({ ...BETWEEN, ...wide, insecure: true, advertise: 'n2:7401' });
      expect(advertised.mySeed).to.equal('n2:7401');
      expect(resolveConfig({ ...BETWEEN, ...wide, insecure: true }).mySeed).to.equal(undefined);
    });

    it('takes every fabric by its name, as it is', () => {
      for (const fabric of FABRICS.filter(name => name !== 'in-process'))
        expect(resolveConfig({ ...BETWEEN, fabric }).fabric).to.equal(fabric);
    });

    const refused: [string, object, string][] = [
      ['no address', { listen: undefined }, 'listen is missing: it must be an address like n1.example:7400'],
      ['a host without a port', { listen: 'n1' }, 'listen must be an address like n1.example:7400'],
      ['a port of none', { listen: '127.0.0.1:0' }, 'listen must be an address like'],
      ['a seed without a port', { seeds: ['127.0.0.1:7401', 'n2'] }, 'seeds[1] must be an address like'],
      ['an advertised stranger', { advertise: 'n9:1' }, 'advertise must be one of the seeds 127.0.0.1:7401'],
      [
        'a listener for everybody',
        { listen: '0.0.0.0:7401' },
        "0.0.0.0:7401 is beyond this machine's loopback",
      ],
      [
        'a founder elsewhere',
        { seeds: ['127.0.0.1:7401', 'n2:7401'] },
        "n2:7401 is beyond this machine's loopback",
      ],
      ['a short secret', { secret: 'hunter2' }, 'secret must be a text of 16 to 1024 characters, but has 7'],
      ['two ways to trust', { secret: SECRET, tls }, 'secret and tls exclude each other: give one of them'],
      ['a path for a certificate', { tls: { ...tls, cert: 'cert.pem' } }, 'tls.cert must be PEM text'],
      ['a forgotten authority', { tls: { cert: tls.cert, key: tls.key } }, 'tls.ca must be PEM text'],
      ['insecurity in words', { insecure: 'yes' }, 'insecure must be true or false, but is the text "yes"'],
    ];
    for (const [what, change, sentence] of refused) {
      it(`refuses ${what}, and shows no secret`, () => {
        const problems = problemsOf({ ...BETWEEN, ...change });
        expect(problems, problems.join('\n')).to.have.lengthOf(1);
        expect(problems[0]).to.include(sentence).and.not.to.include(SECRET).and.not.to.include('hunter2');
      });
    }
  });

  describe('of the environment', () => {
    const environment = {
      BOWECHO_ID: 'n2',
      BOWECHO_LISTEN: '127.0.0.1:7402',
      BOWECHO_SEEDS: '127.0.0.1:7401, 127.0.0.1:7402',
      BOWECHO_SECRET: '',
    };

    it('fills what the program leaves out', () => {
      const resolved = resolveConfig({ actors: [Counter], log: false }, environment);
      const { BOWECHO_ID: id, BOWECHO_LISTEN: listen } = environment;
      expect(resolved).to.include({ id, listen, fabric: 'auto' });
      expect(resolved.seeds).to.deep.equal(['127.0.0.1:7401', '127.0.0.1:7402']);
      expect(resolved.security).to.deep.equal({ kind: 'none' });
    });

    it('does not overrule the program', () => {
      expect(resolveConfig(GOOD, environment)).to.deep.include({ id: 'n1', seeds: GOOD.seeds });
    });

    it('gives no secret to a program that says otherwise how members trust each other', () => {
      const secretive = { ...environment, BOWECHO_SECRET: SECRET };
      const securityOf = (more: Partial<ClusterConfig>): unknown =>
        resolveConfig({ actors: [Counter], ...more }, secretive).security;
      expect(securityOf({})).to.deep.equal({ kind: 'secret', secret: SECRET });
      expect(securityOf({ insecure: true })).to.deep.equal({ kind: 'none' });
      expect(securityOf({ tls })).to.deep.equal({ kind: 'certificates', ...tls });
    });

    it('names the fabric, and is named itself where it names none', () => {
      const resolve = (fabric: string): string =>
        resolveConfig({ actors: [Counter] }, { ...environment, BOWECHO_FABRIC: fabric }).fabric;
      expect(resolve('libfabric-tcp')).to.equal('libfabric-tcp');
      expect(thrown(() => resolve('tcp')).problems.join()).to.match(
        /^BOWECHO_FABRIC must be one of .*, but is the text "tcp"; did you mean 'libfabric-tcp'\?$/,
      );
    });

    it('is held to the same rules', () => {
      const config = { actors: [Counter] };
      const error = thrown(() => resolveConfig(config, { ...environment, BOWECHO_SEEDS: 'n1' }));
      expect(error.problems.join()).to.include('seeds[0] must be an address');
    });

    it('is pointed at where nothing says who the member is', () => {
      const error = thrown(() => resolveConfig({ actors: [Counter] }));
      expect(error.problems).to.have.lengthOf(1);
      expect(error.problems[0]).to.include('bowecho run').and.to.include('or give id, listen and seeds');
    });
  });

  it('lists everything that is wrong, the problems of actors too', () => {
    const problems = problemsOf({
      id: '',
      listen: 'n1',
      seeds: ['n1', 'n1'],
      fabric: 'ethernet',
      actors: [Undecorated, Broken],
      ringBytes: 5000,
      callTimeout: -1,
      cats: 2,
    });
    const starts = [
      'the configuration has no',
      'id',
      'seeds[1]',
      'fabric',
      'actors[0]',
      'actors[1]',
      'ringBytes',
      'callTimeout',
    ];
    expect(problems.map((problem, i) => problem.startsWith(starts[i]!))).to.deep.equal(
      starts.map(() => true),
    );
  });

  for (const input of [undefined, null, 5, 'n1', []]) {
    it(`refuses ${JSON.stringify(input)} instead of an object`, () => {
      const error = thrown(() => resolveConfig(input as unknown as ClusterConfig));
      expect(error.code).to.equal('CONFIG_INVALID');
      expect(error.message).to.include('it must be an object like { id, listen, seeds, actors }');
    });
  }
});
