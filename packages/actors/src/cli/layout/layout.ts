/**
 * `bowecho layout`: who would hold what of a program's actors on which members, and what becomes of it where some are lost. The
 * program is asked for its actors (config/inquiry.ts); nothing is started, and nobody is contacted.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SubgroupSpec } from '@bowecho/core';
import { inquire } from '../../config/inquiry.js';
import { runAsMember } from '../../config/member-environment.js';
import { problemOfProgram } from '../program-file.js';
import { forecast } from './forecast.js';
import type { LayoutOptions } from './layout-options.js';
import { forecastLines } from './report.js';

const WRONG = 1;
/** A program that has not made its cluster so long after its file has run makes none: milliseconds. */
const LATE_MS = 5_000;

/** Prints it, and resolves with the exit status. The program may have left something open. */
export async function layout({ file, nodes, without, json }: LayoutOptions): Promise<number> {
  const stranger = without.find(id => !nodes.includes(id));
  const problem =
    stranger === undefined
      ? problemOfProgram(file)
      : `--without names '${stranger}', which is none of the members ${nodes.join(', ')}`;
  const specs = problem ?? (await specsOf(file, nodes));
  if (typeof specs === 'string') {
    console.error(`bowecho layout: ${specs}`);
    return WRONG;
  }
  const result = forecast(specs, nodes, without);
  const text = json ? JSON.stringify(result) : forecastLines(result, nodes, without).join('\n');
  await new Promise(written => process.stdout.write(`${text}\n`, written));
  return result.missing.length === 0 ? 0 : WRONG;
}

/** What the actors of the program ask for; or why that cannot be told, in words. */
async function specsOf(file: string, nodes: readonly string[]): Promise<readonly SubgroupSpec[] | string> {
  const path = resolve(file);
  process.argv = [process.execPath, path];
  const asked = new Promise<readonly SubgroupSpec[]>(inquire);
  const seeds = nodes.join(',');
  const member = { BOWECHO_ID: nodes[0]!, BOWECHO_LISTEN: nodes[0]!, BOWECHO_SEEDS: seeds };
  const variables = { ...member, BOWECHO_FABRIC: 'in-process' };
  const program = runAsMember(
    variables,
    () => undefined,
    () => import(pathToFileURL(path).href),
  );
  // What it has begun may call it yet: until nothing is left to do, or too much time has passed.
  const ended = program.then(
    () =>
      new Promise<string>(answer => {
        const end = (): void => answer(`'${file}' has not called createCluster()`);
        process.once('beforeExit', end);
        setTimeout(end, LATE_MS).unref();
      }),
    (error: unknown) => `'${file}' throws before it has called createCluster(): ${String(error)}`,
  );
  return Promise.race([asked, ended]);
}
