/**
 * Set-up makes a fresh clone, on a machine with Node and npm only, ready to run: it checks the Node version, installs
 * what package-lock.json lists, builds the native addon, and compiles. `npm run demo`, `npm test`, `npm run bench` and
 * those of the examples run it first.
 *
 * It prints each command before it runs it, and says nothing where nothing is to do. What was installed is remembered in
 * node_modules/.bowecho-set-up, as the hashes of the lock and of npm's own record of the installation, because a checkout
 * changes the times of files. An installation made by hand counts too, if npm finished it after the lock was last written.
 *
 * BOWECHO_NO_INSTALL=1 forbids every installation: set-up then says what is missing and ends with status 1.
 *
 * The native addon needs a C++ compiler, make and python3. Where it cannot be built, a line says why, and the rest goes on:
 * only the fabrics between processes are missing then. libfabric's headers are installed where they are missing and may be
 * (Debian and Ubuntu, as root); elsewhere a line says what to install, and the fabrics between machines are missing.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LEAST_NODE = '20.19.0';
const LOCK = 'package-lock.json';
/** npm writes it when an installation is complete. */
const INSTALLED = 'node_modules/.package-lock.json';
const STAMP = 'node_modules/.bowecho-set-up';
/** Left where libfabric was not installed, with the reason; it goes away with node_modules, and then it is tried again. */
const NO_LIBFABRIC = 'node_modules/.bowecho-no-libfabric';
const ADDON = 'packages/rdma/scripts/build.mjs';
/** Started without npx, which needs most of a second to find it. */
const COMPILER = 'node_modules/@typescript/native/bin/tsc';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
checkNode();
const missing = whatIsMissing();
if (missing !== undefined) install(missing);
if (!isStamped()) writeFileSync(STAMP, stamp());
await buildAddon();
compile();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE.split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  end(`this is Node ${process.versions.node}; Bowecho needs Node ${LEAST_NODE} or later`, 1);
}

/** In words; undefined if all that the lock lists is installed. */
function whatIsMissing() {
  if (!existsSync(INSTALLED)) return 'the npm packages are not installed';
  if (isStamped() || statSync(INSTALLED).mtimeMs >= statSync(LOCK).mtimeMs) return undefined;
  return `the npm packages are older than ${LOCK}`;
}

/** Whether this very installation is known to be of this very lock, whatever the times of the files say. */
function isStamped() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp();
}

function stamp() {
  const hashOf = path => createHash('sha256').update(readFileSync(path)).digest('hex');
  return `${hashOf(LOCK)} ${hashOf(INSTALLED)}\n`;
}

function install(why) {
  if (process.env.BOWECHO_NO_INSTALL === '1') {
    end(`${why}, and BOWECHO_NO_INSTALL=1 forbids installing them; \`npm ci\` would`, 1);
  }
  console.log(`set-up: ${why}`);
  console.log('$ npm ci');
  run('npm ci', 'npm', ['ci']);
}

/** A clone without that package has nothing to build. */
async function buildAddon() {
  if (!existsSync(ADDON)) return;
  const { buildAddon: build, hasLibfabricHeaders } = await import(new URL(`../${ADDON}`, import.meta.url));
  if (process.platform === 'linux' && !hasLibfabricHeaders()) installLibfabric();
  const { failure } = build({ onStart: () => console.log('$ npm run build -w @bowecho/rdma') });
  if (failure !== undefined) {
    console.log(`set-up: no fabric between processes, because the native addon is not built: ${failure}`);
  }
}

/** Tried once: a command of every day must not ask the network each time. */
function installLibfabric() {
  if (existsSync(NO_LIBFABRIC)) return;
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', 'libfabric-dev'];
  const isAllowed = process.env.BOWECHO_NO_INSTALL !== '1' && process.getuid() === 0;
  const hasApt = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  if (isAllowed && hasApt) {
    console.log(`$ ${command.join(' ')}`);
    const [name, ...args] = command;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => spawnSync(name, args, { encoding: 'utf8', env }).status === 0;
    if (install()) return;
    // A fresh image has no lists of packages.
    if (spawnSync('apt-get', ['update'], { stdio: 'ignore', env }).status === 0 && install()) return;
  }
  const how = hasApt
    ? `as root: ${command.join(' ')}`
    : "install libfabric's headers, e.g. libfabric-devel of Fedora and RHEL";
  console.log(
    `set-up: no fabric between machines, because libfabric's headers are missing; ${how}, then npm rebuild @bowecho/rdma`,
  );
  writeFileSync(NO_LIBFABRIC, `${how}\n`);
}

/** Asks the compiler first what it would do: a command that would do nothing is not worth a line. */
function compile() {
  const asked = spawnSync(process.execPath, [COMPILER, '-b', '--dry'], { encoding: 'utf8' });
  const lines = asked.stdout.split('\n').filter(line => line.trim() !== '');
  if (asked.status === 0 && lines.every(line => line.includes('is up to date'))) return;
  console.log('$ tsc -b');
  run('tsc -b', process.execPath, [COMPILER, '-b']);
}

/** @param {string} name what a person would type */
function run(name, command, args) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error !== undefined) end(`\`${name}\` could not be started: ${error.message}`, 1);
  if (status !== 0) end(`\`${name}\` failed (${signal ?? `status ${status}`})`, status ?? 1);
}

function end(sentence, status) {
  console.error(`set-up: ${sentence}`);
  process.exit(status);
}
