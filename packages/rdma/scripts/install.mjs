/**
 * Runs when npm installs this package: takes the binary that the package brings for this platform, else builds one. It never
 * fails an installation. Without the addon everything else of Bowecho works, and whoever asks for the fabric is told why it
 * is missing.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { buildAddon } from './build.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

if (!hasPrebuiltBinary()) {
  const { failure } = buildAddon();
  if (failure !== undefined) {
    console.log(`@bowecho/rdma: the native addon was not built: ${failure}.`);
    console.log(
      'Everything but the fabrics between processes works; build/failure.txt in the package has the log.',
    );
  }
}

/** Whether the package brings a binary that loads here. What lies in build/ is buildAddon's to judge. */
function hasPrebuiltBinary() {
  try {
    const require = createRequire(import.meta.url);
    const binary = require('node-gyp-build').path(PACKAGE);
    if (!binary.includes('prebuilds')) return false;
    require(binary);
    return true;
  } catch {
    return false; // none for this platform, or it does not load: then one is built here
  }
}
