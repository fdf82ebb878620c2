/**
 * All members of a run in the one process of the command, where processes cannot be connected: the program's file runs once
 * per member, each time under another URL and with another identity, which `createCluster` finds
 * (config/member-environment.ts). Everything else is that of one process: what the file imports, `process.argv`, output,
 * signals, the exit status; and an error that nobody catches ends it all.
 *
 * The file is imported for one member after the other. An imported module that awaits at its top level goes on in the
 * context of who imported it first, and so does all that waits for it; were a second member waiting too, it would take
 * itself for the first. Once a member has asked who it is, all that its file imports is there, and the next one may come.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runAsMember } from '../config/member-environment.js';
import type { RunOptions } from './command-line.js';

const FABRIC = 'in-process';
/** The query that makes a member's URL of the program's. */
const MEMBER = 'bowechoMember';
/** A program that has not asked who it is for so long has a mistake, or much to do: milliseconds. */
const LATE_MS = 5_000;

/**
 * Resolves when the program has run for all members. The process lives on for whatever they left open.
 *
 * @param say is told what may be wrong with the program
 * @throws whatever the program does
 */
export async function runInOneProcess(
  { file, args, members }: RunOptions,
  say: (sentence: string) => void,
): Promise<void> {
  const path = resolve(file);
  process.argv = [process.execPath, path, ...args];
  const ids = Array.from({ length: members }, (_, i) => `n${i + 1}`);
  const programs: Promise<unknown>[] = [];
  let fail: ((error: unknown) => void) | undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  for (const id of ids) {
    const late = setTimeout(() => say(adviceOn(id)), LATE_MS).unref();
    let hasAsked = false;
    const begun = new Promise<unknown>(resolve => {
      const onAsked = (): void => {
        hasAsked = true;
        resolve(undefined);
      };
      const program = runAsMember(variablesOf(id, ids), onAsked, () => import(urlOf(path, id)));
      programs.push(program);
      program.then(resolve, (error: unknown) => fail!(error));
    });
    await Promise.race([begun, failed]);
    clearTimeout(late);
    if (!hasAsked) say(adviceOn(id));
  }
  await Promise.all(programs);
}

function urlOf(path: string, id: string): string {
  const url = pathToFileURL(path);
  url.searchParams.set(MEMBER, id);
  return url.href;
}

function variablesOf(id: string, ids: readonly string[]): Record<string, string> {
  return { BOWECHO_ID: id, BOWECHO_LISTEN: id, BOWECHO_SEEDS: ids.join(','), BOWECHO_FABRIC: FABRIC };
}

function adviceOn(id: string): string {
  return (
    `${id} has not called createCluster() yet. Members in one process need that in the file that is run or in a function ` +
    'that it calls, not in a module that it imports, and the file must be an ES module'
  );
}
