/**
 * Looks at the file that somebody wants to run, before any process is started: what is wrong with it is said once and in
 * words, and not by every member in a stack trace.
 */
import { statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** The endings that the TypeScript compiler reads, and what it makes of them. */
const TYPESCRIPT = /\.([cm]?)tsx?$/;
/** Where compiled files usually lie, from the folder of the project or package. */
const OUTPUT_FOLDERS = ['dist', 'build', 'lib', 'out'];

/** Says in a sentence why this file cannot be run; undefined if it can. */
export function problemOfProgram(file: string): string | undefined {
  if (TYPESCRIPT.test(file)) return problemOfTypeScript(file);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return `there is no file '${file}' (looked for ${resolve(file)})`;
  if (!stats.isFile()) return `'${file}' is not a file; name the JavaScript file that starts a member`;
  return undefined;
}

function problemOfTypeScript(file: string): string {
  const compiled = compiledFileOf(file);
  const where =
    compiled === undefined
      ? 'run the .js file that tsc writes, which lies in the "outDir" of your tsconfig.json'
      : `run ${compiled}`;
  return `'${file}' is TypeScript: compile it with tsc first, because loaders that only strip types lose the metadata of decorators; then ${where}`;
}

/** The compiled file if it is where it usually is: beside the source, or in an output folder of a folder above it. */
function compiledFileOf(file: string): string | undefined {
  const path = resolve(file).replace(TYPESCRIPT, '.$1js');
  const candidates = [path];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const inside = relative(folder, path);
    const parts = inside.split(sep);
    const names = parts.length > 1 ? [inside, join(...parts.slice(1))] : [inside];
    candidates.push(...OUTPUT_FOLDERS.flatMap(output => names.map(name => join(folder, output, name))));
  }
  const found = candidates.find(each => statSync(each, { throwIfNoEntry: false })?.isFile() === true);
  return found === undefined ? undefined : relative(process.cwd(), found) || found;
}
