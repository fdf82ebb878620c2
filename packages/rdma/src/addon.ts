/**
 * Loads the native addon, once, or says precisely why there is none. Nothing here throws and nothing is loaded before
 * somebody asks: importing this package works everywhere.
 *
 * The binary is `build/Release` where it was compiled on this machine, else the one in `prebuilds/` for this platform. If
 * neither is there, the installation has left its reason in `build/failure.txt` (scripts/build.mjs writes it).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeAddon } from './native.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const FAILURE = join(PACKAGE, 'build', 'failure.txt');

/** The addon, or a reason in words. */
export type Loaded = { readonly addon: NativeAddon } | { readonly reason: string };

let loaded: Loaded | undefined;

export function loadAddon(): Loaded {
  loaded ??= load();
  return loaded;
}

function load(): Loaded {
  if (process.platform !== 'linux') {
    return {
      reason: `the native addon is built for Linux only in this version, and this is ${process.platform}`,
    };
  }
  const require = createRequire(import.meta.url);
  const findBinary = require('node-gyp-build') as { path(folder: string): string };
  let binary: string;
  try {
    binary = findBinary.path(PACKAGE);
  } catch {
    return { reason: whyNotBuilt() }; // it says only that it found nothing
  }
  try {
    return { addon: require(binary) as NativeAddon };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return {
      reason:
        `the native addon ${binary} does not load in Node ${process.versions.node} on ${process.platform}-${process.arch}: ` +
        `${words.replace(/\.$/, '')}. \`npm rebuild @bowecho/rdma\` builds it for this machine`,
    };
  }
}

function whyNotBuilt(): string {
  const place = `${process.platform}-${process.arch}`;
  const failure = readFailure();
  if (failure === undefined) {
    return (
      `the native addon is not built, and the package has no binary for ${place}; was it installed with --ignore-scripts? ` +
      '`npm rebuild @bowecho/rdma` builds it'
    );
  }
  return `the native addon is not built: ${failure}. The whole log is in ${FAILURE}; \`npm rebuild @bowecho/rdma\` tries again`;
}

/** The first line of what the last try to build has left. */
function readFailure(): string | undefined {
  try {
    return readFileSync(FAILURE, 'utf8').split('\n', 1)[0];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return `its log cannot be read: ${(error as Error).message}`;
  }
}
