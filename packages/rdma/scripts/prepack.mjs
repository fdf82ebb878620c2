/**
 * Puts the binary of this machine's platform into prebuilds/, in the naming of node-gyp-build, before the package is packed.
 * Node-API is stable over versions of Node, so one file per platform is enough; a release gathers those of several machines.
 *
 * The tool prebuildify would build for a list of Node versions, strip and name; with one version-free file to copy there is
 * nothing left for a dependency to do. With --clean, after packing: takes it away again.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon } from './build.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

if (process.argv.includes('--clean')) {
  // A binary that is not of these sources must not be what a failed build falls back to.
  rmSync(join(PACKAGE, 'prebuilds'), { recursive: true, force: true });
  process.exit();
}
const { failure } = buildAddon();
if (failure !== undefined) {
  console.error(`prepack: the native addon was not built: ${failure}; see build/failure.txt`);
  process.exit(1);
}
const { glibcVersionRuntime } = process.report.getReport().header;
const libc = glibcVersionRuntime === undefined ? 'musl' : 'glibc';
const folder = join(PACKAGE, 'prebuilds', `${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
cpSync(join(PACKAGE, 'build/Release/bowecho.node'), join(folder, `node.napi.${libc}.node`));
