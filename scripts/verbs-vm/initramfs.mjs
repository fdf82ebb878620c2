/**
 * The first file system of the virtual machine: a static busybox, the kernel's modules with the order to load them in, and
 * init.sh, which goes over to the files of this machine. It is not compressed: an emulated processor would take longer to
 * unpack it than this one takes to read it.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild, SYSTEM_ENV } from './children.mjs';
import { makeFolder, recipeOf } from './kept-folder.mjs';
import { Problem } from './problem.mjs';

const INIT = new URL('init.sh', import.meta.url);
const SOURCES = [INIT, new URL(import.meta.url), new URL('kernel.mjs', import.meta.url)];
const RECIPE = recipeOf(SOURCES);
/** In this order. crc32_generic is what rxe computes checksums by; rdma_ucm is the way of programs to connections. */
const MODULES = [
  'virtio_pci',
  '9pnet_virtio',
  '9p',
  'overlay',
  'crc32_generic',
  'dummy',
  'rdma_rxe',
  'rdma_ucm',
];

/**
 * @param {import('./kernel.mjs').Kernel} kernel
 * @returns {Promise<string>} the path of the archive
 * @throws Problem
 */
export async function makeInitramfs(kernel) {
  const folder = join(dirname(kernel.folder), 'initramfs');
  await makeFolder(folder, RECIPE, async unfinished => {
    const root = join(unfinished, 'root');
    for (const each of ['bin', 'dev', 'proc', 'sys', 'mnt', 'modules']) {
      mkdirSync(join(root, each), { recursive: true });
    }
    copyFileSync(join(kernel.folder, 'bin/busybox'), join(root, 'bin/busybox'));
    copyFileSync(fileURLToPath(INIT), join(root, 'init'));
    chmodSync(join(root, 'init'), 0o755);
    const modules = await modulesInOrder(kernel);
    for (const path of modules) copyFileSync(path, join(root, 'modules', basename(path)));
    writeFileSync(join(root, 'modules/order'), modules.map(path => `${basename(path)}\n`).join(''));
    const files = readdirSync(root, { recursive: true });
    const args = ['--create', '--format', 'newc', '--owner', '+0:+0', '--quiet', '--file', '../archive'];
    await runChild('cpio', args, { cwd: root, input: files.join('\n') });
    rmSync(root, { recursive: true });
  });
  return join(folder, 'archive');
}

/**
 * Without this machine's own configuration of modules: its options are for another kernel.
 *
 * @returns {Promise<string[]>} their paths, each after those that it needs
 */
async function modulesInOrder({ folder, version }) {
  const paths = new Set();
  for (const name of MODULES) {
    const args = [
      '--config',
      '/dev/null',
      '--dirname',
      folder,
      '--set-version',
      version,
      '--show-depends',
      name,
    ];
    const lines = await runChild('modprobe', args, { env: SYSTEM_ENV });
    for (const [, path] of lines.matchAll(/^insmod (.+\.ko\S*) *$/gm)) paths.add(path);
  }
  if (paths.size === 0)
    throw new Problem(`the kernel ${version} has none of the modules ${MODULES.join(', ')}`);
  return [...paths];
}
