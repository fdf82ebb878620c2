/** Debian's package manager, as far as it is needed here. */
import { existsSync } from 'node:fs';
import { runChild } from './children.mjs';
import { say } from './phase.mjs';
import { Problem } from './problem.mjs';

/** apt-get stops in an orderly way when it is interrupted. */
const OPTIONS = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, endBy: 'SIGINT' };
const DPKG_QUERY = '/usr/bin/dpkg-query';
/** Another installation may be under way. */
const SECONDS_TO_WAIT = 120;

/** @returns {string | undefined} why nothing can be installed here, if so */
export function whyNoInstallation() {
  if (!existsSync('/usr/bin/apt-get')) return 'there is no apt-get';
  return process.getuid() === 0 ? undefined : 'only root can install packages';
}

/**
 * @param {readonly string[]} packages
 * @returns {Promise<string[]>} those that are not installed
 */
export async function missingPackages(packages) {
  if (!existsSync(DPKG_QUERY)) return [...packages];
  const lines = await runChild(DPKG_QUERY, ['-W', '-f', '${db:Status-Status} ${Package}\n'], OPTIONS);
  const installed = new Set(lines.split('\n'));
  return packages.filter(each => !installed.has(`installed ${each}`));
}

/**
 * Installs packages; with a fresh index if that of the machine is absent or too old.
 *
 * @throws Problem
 */
export async function installNow(packages) {
  // What is installed stays: it is not for us to remove it for the sake of something new.
  const args = ['install', '--no-install-recommends', '--no-remove', ...packages];
  try {
    await aptGet(args);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await refreshIndex();
    await aptGet(args);
  }
}

/**
 * Puts the archives of packages in a folder, and installs nothing. Anybody may do that.
 *
 * @throws Problem
 */
export async function downloadTo(folder, packages) {
  await aptGet(['download', ...packages], folder);
}

/** @throws Problem */
export async function refreshIndex() {
  await aptGet(['update']);
}

/**
 * @param {string} name a package that is there only to name the newest of several
 * @returns {Promise<string>} what it depends on
 * @throws Problem if the index does not know it
 */
export async function dependencyOf(name) {
  // A status of its own says the same as silence: it is not known.
  const lines = await runChild('apt-cache', ['depends', name], OPTIONS).catch(error => error.message);
  const dependency = /^ *Depends: (\S+)$/m.exec(lines)?.[1];
  if (dependency !== undefined) return dependency;
  throw new Problem(
    `apt does not know the package ${name} of Debian (\`apt-get update\` may help): ${lines}`,
  );
}

async function aptGet(args, cwd) {
  say(`$ apt-get ${args.join(' ')}`);
  await runChild('apt-get', ['-q', '-y', '-o', `DPkg::Lock::Timeout=${SECONDS_TO_WAIT}`, ...args], {
    ...OPTIONS,
    cwd,
  });
}
