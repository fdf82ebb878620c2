/**
 * The way of somebody who installs Bowecho from a registry: packs the packages, installs the tarballs into empty projects
 * outside of this tree, compiles the README's example with plain tsc, and runs it by the command. What works in the
 * workspace may be missing from the tarballs, and only this finds out.
 *
 * Four installations: an ordinary one; one without install scripts and without a compiler, which has the binary that the
 * package brings; the same without that binary, which must say what is missing and run in one process; and that one mended
 * by what it said. It prints a line per step, and ends with status 1 and the output of the step that went wrong.
 *
 * Needs a build (`npm run build`), and a registry or npm's cache for what the packages depend on: `node scripts/packed-path.mjs`.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = ['core', 'rdma', 'actors', 'testing'];
const PREBUILDS = join(ROOT, 'packages/rdma/prebuilds');
/** All that a machine without a compiler has. */
const FEW_TOOLS = ['node', 'npm', 'npx', 'sh'];
/** A step that has not ended by then waits for something. */
const LONGEST_MS = 180_000;

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    rootDir: 'src',
    outDir: 'dist',
    types: ['node'],
  },
};

/** What a user might write about an actor of his: three members add to one number while the network is slow. */
const USERS_TEST = `
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Command, Query, Replicated } from '@bowecho/actors';
import { simulate } from '@bowecho/testing';

@Replicated({ name: 'counter' })
class Counter {
  private value = 0;
  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Query() read(): number {
    return this.value;
  }
}

test('no addition is lost', async () => {
  using sim = simulate({ nodes: 3, actors: [Counter], seed: 'users-test', latency: [1, 20] });
  const calls = [0, 1, 2].map(node => sim.get(Counter, 'visits', { node }).add(node));
  await sim.settle();
  assert.equal(Math.max(...(await Promise.all(calls))), 3);
  assert.equal(new Set(sim.digests(Counter, 'visits')).size, 1);
});
`;

const folder = mkdtempSync(join(tmpdir(), 'bowecho-packed-'));
try {
  const tarballs = pack();
  ordinary(tarballs);
  withoutScripts(tarballs);
} finally {
  rmSync(folder, { recursive: true });
}

/** @returns {string[]} the tarballs */
function pack() {
  const hadPrebuilds = existsSync(PREBUILDS);
  const tarballs = PACKAGES.map(name => {
    const args = ['pack', '--json', '--pack-destination', folder];
    const [{ filename }] = JSON.parse(run(`pack ${name}`, 'npm', args, join(ROOT, 'packages', name)).stdout);
    return join(folder, filename);
  });
  // Packing leaves the binary there. In the workspace it would be taken for that of later sources.
  if (!hadPrebuilds) rmSync(PREBUILDS, { recursive: true, force: true });
  return tarballs;
}

function ordinary(tarballs) {
  const project = makeProject('ordinary');
  run('install', 'npm', ['install', ...tarballs, ...devDependencies()], project);
  run('compile with tsc', 'npx', ['tsc'], project);
  expectThreeProcesses(runExample('run as three processes', project));
  run("the user's test, simulated", 'node', ['--test', 'dist/counter.test.js'], project);
}

function withoutScripts(tarballs) {
  const env = { ...process.env, PATH: pathOfFewTools() };
  const project = makeProject('without-scripts');
  const packages = [...tarballs, ...devDependencies()];
  run(
    'install without scripts and compiler',
    'npm',
    ['install', '--ignore-scripts', ...packages],
    project,
    env,
  );
  run('compile with tsc', 'npx', ['tsc'], project, env);
  const rdma = join(project, 'node_modules/@bowecho/rdma');
  expect(!existsSync(join(rdma, 'build')), 'nothing was built', rdma);
  expectThreeProcesses(runExample('run by the binary that the package brings', project, env));

  rmSync(join(rdma, 'prebuilds'), { recursive: true });
  const { stdout, stderr } = runExample('run without any binary: in one process', project, env);
  expectWords(stderr, [
    'the native addon is not built',
    '--ignore-scripts',
    '`npm rebuild @bowecho/rdma` builds it',
  ]);
  expectWords(stderr, ['all 3 members run in this process']);
  expectWords(stdout, ['\nn1 sees 3', '\nn2 sees 3', '\nn3 sees 3']);

  run('rebuild, as it said', 'npm', ['rebuild', '@bowecho/rdma'], project);
  expectThreeProcesses(runExample('run as three processes', project));
}

/** An empty project with the README's example and a test. */
function makeProject(name) {
  const project = join(folder, name);
  mkdirSync(join(project, 'src'), { recursive: true });
  const description = { name, version: '1.0.0', private: true, type: 'module' };
  writeFileSync(join(project, 'package.json'), JSON.stringify(description));
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  writeFileSync(join(project, 'src/app.ts'), exampleOfReadme());
  writeFileSync(join(project, 'src/counter.test.ts'), USERS_TEST);
  return project;
}

function exampleOfReadme() {
  const example = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
  if (example === undefined) end('README.md has no example in TypeScript');
  return example;
}

/** The compiler and the types of Node in the versions of this workspace. */
function devDependencies() {
  const { devDependencies: versions } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const typescript = versions['@typescript/native'].replace(/^npm:/, '');
  return [typescript, `@types/node@${versions['@types/node']}`];
}

/** A folder of links to what is always there; nothing that compiles is among it. */
function pathOfFewTools() {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  for (const tool of FEW_TOOLS) symlinkSync(find(tool), join(tools, tool));
  return tools;
}

function find(tool) {
  const path = process.env.PATH.split(delimiter)
    .map(each => join(each, tool))
    .find(existsSync);
  return path ?? end(`there is no ${tool} in PATH`);
}

function runExample(step, project, env) {
  return run(step, 'npx', ['bowecho', 'run', 'dist/app.js', '--members', '3'], project, env);
}

/** Lines are labelled where members are processes of their own; which one makes which visit is for them to find out. */
function expectThreeProcesses({ stdout, stderr }) {
  expect(!stderr.includes('bowecho run:'), 'no word of the command itself', stderr);
  for (const id of ['n1', 'n2', 'n3']) expectWords(stdout, [`${id} | ${id} made visit `, `| ${id} sees 3`]);
}

function expectWords(text, words) {
  for (const each of words) expect(text.includes(each), JSON.stringify(each), text);
}

function expect(isTrue, what, text) {
  if (!isTrue) end(`expected ${what}, but there is:\n${text}`);
}

/** Runs a command; ends everything if it fails. */
function run(step, command, args, cwd, env = process.env) {
  const start = Date.now();
  // What runs this script by npm would be npm's configuration there.
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_(?!config_)/.test(name)));
  const result = spawnSync(command, args, {
    cwd,
    env: { ...clean, FORCE_COLOR: '0' },
    encoding: 'utf8',
    timeout: LONGEST_MS,
  });
  const { status, signal, error, stdout, stderr } = result;
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  if (status === 0) {
    console.log(`${seconds.padStart(6)} s  ${step}`);
    return result;
  }
  const how = error?.message ?? `status ${signal ?? status}`;
  return end(`${step}: ${command} ${args.join(' ')}: ${how}\n${stdout ?? ''}${stderr ?? ''}`);
}

function end(sentence) {
  console.error(`packed path: ${sentence}`);
  rmSync(folder, { recursive: true });
  process.exit(1);
}
