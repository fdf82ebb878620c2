/**
 * Builds the native addon with node-gyp, where its sources changed since the last time, and says why where it cannot.
 *
 *     node scripts/build.mjs                                    into build/Release; `npm run build -w @bowecho/rdma`
 *     node scripts/build.mjs --strict                           warnings are errors
 *     node scripts/build.mjs --variant NAME [--sanitize LIST] [--include HEADER]
 *                                                               another binary beside it, in build/variants/NAME
 *
 * install.mjs and the repository's set-up use `buildAddon`, which never throws. What went wrong is left in
 * build/failure.txt, its reason in the first line and the compiler's words after it; src/addon.ts tells the user.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
} from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['binding.gyp', 'package.json', 'native'];
/** A compiler that has not ended by then waits for something. */
const LONGEST_MS = 600_000;

/**
 * Builds what is not built, or not of these sources. Never throws.
 *
 * @param {object} [options]
 * @param {string} [options.folder] where binding.gyp is, and where build/ goes
 * @param {string[]} [options.defines] variables of binding.gyp, as `name=value`
 * @param {string} [options.include] a header that every file includes first
 * @param {() => void} [options.onStart] called if there is something to do, before it takes its seconds
 * @returns {{ failure?: string }} why there is no addon, in words
 */
export function buildAddon({ folder = PACKAGE, defines = [], include, onStart = () => {} } = {}) {
  try {
    const variables = [...defines, `libfabric=${hasLibfabricHeaders() ? 1 : 0}`];
    const stamp = hashOf(folder, [...variables, include ?? '']);
    if (isBuilt(folder, stamp)) return {};
    const missing = whatIsMissing();
    if (missing !== undefined) return fail(folder, missing, '');
    onStart();
    const { status, log } = compile(folder, variables, include);
    if (status !== 0) return fail(folder, 'the compiler or node-gyp failed', log);
    writeFileSync(join(folder, 'build/sources.txt'), stamp);
    rmSync(join(folder, 'build/failure.txt'), { force: true });
    return {};
  } catch (error) {
    return { failure: `the build could not run: ${error.message}` };
  }
}

/** The folder of a variant, filled with the sources. Sources keep their times, so only what changed is compiled again. */
function variantFolder(name) {
  const folder = join(PACKAGE, 'build/variants', name);
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES) {
    cpSync(join(PACKAGE, source), join(folder, source), { recursive: true, preserveTimestamps: true });
  }
  return folder;
}

function hashOf(folder, settings) {
  const hash = createHash('sha256').update(JSON.stringify([process.platform, process.arch, settings]));
  for (const file of ['binding.gyp', ...filesIn(folder, 'native')])
    hash.update(file).update(readFileSync(join(folder, file)));
  return `${hash.digest('hex')}\n`;
}

function filesIn(folder, name) {
  return readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function isBuilt(folder, stamp) {
  const path = join(folder, 'build/sources.txt');
  return (
    existsSync(join(folder, 'build/Release/bowecho.node')) &&
    existsSync(path) &&
    readFileSync(path, 'utf8') === stamp
  );
}

/** In words, before node-gyp says it in a hundred lines. */
function whatIsMissing() {
  if (process.platform !== 'linux')
    return `this version builds it on Linux only, and this is ${process.platform}`;
  const tools = [
    ['a C++ compiler (g++ or clang++)', compiler()],
    ['make', find(process.env.MAKE || 'make')],
    ['python3', find(process.env.npm_config_python || process.env.PYTHON || 'python3') ?? find('python')],
    ['node-gyp, which comes with npm', nodeGyp()],
  ];
  const missing = tools.filter(([, path]) => path === undefined).map(([name]) => name);
  return missing.length === 0 ? undefined : `it needs ${missing.join(' and ')}, and this machine has none`;
}

function compiler() {
  return process.env.CXX || ['g++', 'clang++', 'c++'].find(name => find(name) !== undefined);
}

/** Whether the compiler finds them. Without, the addon is built with shared memory alone, and says so when asked for more. */
export function hasLibfabricHeaders() {
  const command = compiler();
  if (command === undefined) return false;
  const { status } = spawnSync(command, ['-E', '-x', 'c++', '-'], {
    input: '#include <rdma/fabric.h>\n#include <rdma/fi_rma.h>\n',
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: LONGEST_MS,
  });
  return status === 0;
}

function find(command) {
  const candidates = command.includes('/')
    ? [command]
    : (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, command));
  return candidates.find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // it is not there, or not for us: the same to a search
  }
}

/** The one that npm names; else one that is installed here; else the one inside of the npm that is found. */
function nodeGyp() {
  const inside = 'node_modules/node-gyp/bin/node-gyp.js';
  const npm = find('npm');
  const candidates = [
    process.env.npm_config_node_gyp,
    installedNodeGyp(),
    npm === undefined ? undefined : join(dirname(realpathSync(npm)), '..', inside),
    join(dirname(process.execPath), '../lib/node_modules/npm', inside),
  ];
  return candidates.find(path => path !== undefined && existsSync(path));
}

function installedNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return undefined; // it is no dependency of ours; where there is none, npm's own is as good
  }
}

function compile(folder, defines, include) {
  const steps = [
    ['configure', ...headers(), '--', ...defines.map(define => `-D${define}`)],
    ['build', '--jobs', String(availableParallelism())],
  ];
  const flags = [process.env.CXXFLAGS, include === undefined ? undefined : `-include ${resolve(include)}`];
  const env = {
    ...process.env,
    CXX: compiler(),
    CXXFLAGS: flags.filter(flag => flag !== undefined).join(' '),
  };
  let log = '';
  for (const step of steps) {
    const args = [nodeGyp(), ...step];
    const { status, signal, error, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      env,
      timeout: LONGEST_MS,
      maxBuffer: 64 << 20,
    });
    log += `$ node-gyp ${step.join(' ')}\n${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : `${error.message}\n`}`;
    if (status !== 0) return { status: status ?? signal ?? -1, log };
  }
  return { status: 0, log };
}

/** The headers that came with this Node, where they did; else node-gyp downloads them. */
function headers() {
  if (process.env.npm_config_nodedir !== undefined) return [];
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** An old binary must not stay: it would be loaded, and be of other sources than the TypeScript beside it. */
function fail(folder, reason, log) {
  mkdirSync(join(folder, 'build'), { recursive: true });
  rmSync(join(folder, 'build/Release/bowecho.node'), { force: true });
  writeFileSync(join(folder, 'build/failure.txt'), `${reason}\n\n${log}`);
  return { failure: reason };
}

function main() {
  const { values } = parseArgs({
    options: {
      strict: { type: 'boolean', default: false },
      sanitize: { type: 'string' },
      variant: { type: 'string' },
      include: { type: 'string' },
    },
  });
  const folder = values.variant === undefined ? PACKAGE : variantFolder(values.variant);
  const defines = [
    ...(values.strict ? ['strict=1'] : []),
    ...(values.sanitize === undefined ? [] : [`sanitize=${values.sanitize}`]),
  ];
  const { failure } = buildAddon({ folder, defines, include: values.include });
  if (failure === undefined) {
    console.log(join(folder, 'build/Release/bowecho.node'));
    return;
  }
  const path = join(folder, 'build/failure.txt');
  if (existsSync(path)) console.error(readFileSync(path, 'utf8'));
  console.error(`the native addon was not built: ${failure}`);
  process.exitCode = 1;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
