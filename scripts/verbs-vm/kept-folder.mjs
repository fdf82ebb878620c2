/**
 * Folders that are costly to make and are kept until what they were made of changes. A folder appears whole or not at all, so
 * two of these scripts at once, or one that is killed, do no harm.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The file in such a folder that holds the hash of what it was made by. */
const RECIPE = 'recipe';

/** @param {readonly URL[]} sources the scripts that make a folder */
export function recipeOf(sources) {
  const hash = createHash('sha256');
  for (const each of sources) hash.update(readFileSync(each));
  return hash.digest('hex');
}

/** Whether the folder is there, made by this recipe. */
export function isKept(folder, recipe) {
  const path = join(folder, RECIPE);
  return existsSync(path) && readFileSync(path, 'utf8') === recipe;
}

/**
 * Makes the folder unless it is kept.
 *
 * @param {string} folder
 * @param {string} recipe
 * @param {(folder: string) => Promise<void>} make fills an empty folder
 */
export async function makeFolder(folder, recipe, make) {
  if (isKept(folder, recipe)) return;
  mkdirSync(dirname(folder), { recursive: true });
  removeLeftOvers(folder);
  const unfinished = `${folder}.${process.pid}`;
  const remove = () => rmSync(unfinished, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    mkdirSync(unfinished);
    await make(unfinished);
    writeFileSync(join(unfinished, RECIPE), recipe);
    // Another process may have made it meanwhile, and use it already.
    if (isKept(folder, recipe)) return;
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** Of processes that were killed while they made it. */
function removeLeftOvers(folder) {
  for (const name of readdirSync(dirname(folder))) {
    const pid = name.startsWith(`${basename(folder)}.`)
      ? Number(name.slice(basename(folder).length + 1))
      : NaN;
    if (Number.isNaN(pid) || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}
