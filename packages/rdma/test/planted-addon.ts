/**
 * Builds an addon with a planted bug, beside the real one, to show that a test finds it. Some bugs can be planted by a header
 * that every source includes (scripts/build.mjs --include); this is for those that need another line.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

interface Planted {
  /** Of the variant's folder. */
  readonly name: string;
  /** Below native/. */
  readonly file: string;
  /** Stands in the file once. */
  readonly line: string;
  readonly instead: string;
}

/**
 * Takes as long as a compiler does, unless it was built before of the same sources.
 *
 * @returns the environment in which a process loads that addon and not the real one
 */
export async function plantInAddon({ name, file, line, instead }: Planted): Promise<NodeJS.ProcessEnv> {
  const folder = join(PACKAGE, 'build/variants', name);
  mkdirSync(folder, { recursive: true });
  for (const part of ['binding.gyp', 'package.json', 'native']) {
    cpSync(join(PACKAGE, part), join(folder, part), { recursive: true, preserveTimestamps: true });
  }
  const path = join(folder, 'native', file);
  const parts = readFileSync(path, 'utf8').split(line);
  if (parts.length !== 2) throw new Error(`${file} has '${line}' ${parts.length - 1} times`);
  writeFileSync(path, parts.join(instead));
  const script = new URL('../../scripts/build.mjs', import.meta.url).href;
  const { buildAddon } = (await import(script)) as {
    buildAddon(options: { folder: string }): { failure?: string };
  };
  const { failure } = buildAddon({ folder });
  if (failure !== undefined) throw new Error(`${folder} was not built: ${failure}`);
  return { '@BOWECHO/RDMA_PREBUILD': folder }; // node-gyp-build looks there first; the name is made of the package's
}
