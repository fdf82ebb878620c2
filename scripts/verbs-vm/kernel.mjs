/**
 * Debian's kernel and those of its modules that soft-RoCE and the shared folders need, without installing them: installing a
 * kernel would make an initramfs and touch the boot loader. A static busybox, for the initramfs, comes along in the same way.
 *
 * The version is that of the day: old ones disappear from the archive with each security update. What was unpacked is kept by
 * version, and serves without any network until apt names a newer one.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { dependencyOf, downloadTo, refreshIndex, whyNoInstallation } from './apt.mjs';
import { runChild, SYSTEM_ENV } from './children.mjs';
import { isKept, makeFolder, recipeOf } from './kept-folder.mjs';
import { say } from './phase.mjs';
import { Problem } from './problem.mjs';

const NEWEST = 'linux-image-amd64';
const PREFIX = 'linux-image-';
const RECIPE = recipeOf([new URL(import.meta.url)]);
/** The folders of modules, whole: what those that we ask for need beside themselves is the kernel's own affair. */
const MODULES = [
  ...[
    'crypto',
    'drivers/infiniband/core',
    'drivers/infiniband/sw',
    'drivers/net/dummy.ko*',
    'drivers/virtio',
  ],
  ...[
    'fs/9p',
    'fs/configfs',
    'fs/fscache',
    'fs/netfs',
    'fs/overlayfs',
    'lib',
    'net/9p',
    'net/ipv4',
    'net/ipv6',
  ],
];
const FILES = [
  './boot/vmlinuz-*',
  './lib/modules/*/modules.order',
  './lib/modules/*/modules.builtin*',
  ...MODULES.map(path => `./lib/modules/*/kernel/${path}`),
];

/**
 * @typedef {object} Kernel
 * @property {string} version as its modules name it
 * @property {string} folder with `boot` and `lib/modules` of the kernel, and `bin/busybox`
 */

/**
 * @param {string} cache the folder to keep it in
 * @returns {Promise<Kernel>}
 * @throws Problem
 */
export async function makeKernel(cache) {
  try {
    return await makeNewest(cache);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const kept = newestKept(cache);
    if (kept === undefined) {
      if (whyNoInstallation() !== undefined) throw error;
      await refreshIndex();
      return await makeNewest(cache);
    }
    say(`uses the kernel ${kept.version}, which is kept here: ${error.message}`);
    return kept;
  }
}

/** The one that apt's index names. */
async function makeNewest(cache) {
  const name = await dependencyOf(NEWEST);
  const kernel = kernelIn(cache, name.slice(PREFIX.length));
  if (isKept(kernel.folder, RECIPE)) return kernel;
  await makeFolder(kernel.folder, RECIPE, folder => unpack(name, folder));
  for (const version of versionsIn(cache)) {
    if (version !== kernel.version) rmSync(join(cache, version), { recursive: true, force: true });
  }
  return kernel;
}

async function unpack(name, folder) {
  const archives = join(folder, 'archives');
  mkdirSync(archives);
  await downloadTo(archives, [name, 'busybox-static']);
  await extract(archives, name, folder, FILES);
  await extract(archives, 'busybox-static', folder, ['./bin/busybox']);
  rmSync(archives, { recursive: true });
  await runChild('depmod', ['-b', folder, name.slice(PREFIX.length)], { env: SYSTEM_ENV });
}

async function extract(archives, name, folder, files) {
  const archive = readdirSync(archives).find(each => each.startsWith(`${name}_`));
  const pipe = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" --wildcards "${@:3}"';
  await runChild('bash', ['-o', 'pipefail', '-c', pipe, 'bash', join(archives, archive), folder, ...files]);
}

function newestKept(cache) {
  const kernels = versionsIn(cache).map(version => kernelIn(cache, version));
  return kernels.filter(each => isKept(each.folder, RECIPE)).at(-1);
}

/** The oldest first. */
function versionsIn(cache) {
  if (!existsSync(cache)) return [];
  return readdirSync(cache).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

function kernelIn(cache, version) {
  return { version, folder: join(cache, version, 'kernel') };
}
