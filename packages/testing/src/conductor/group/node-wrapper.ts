/**
 * Small files that start Node for a member: inside of a network namespace where it has one, and so that the kernel kills the member when
 * the conductor is gone. Members of a launcher that is gone leave by themselves, but a stopped one cannot.
 *
 * They are files because what starts a member takes the name of one program, and puts options of Node behind it.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command of util-linux. Where it is missing a member that is stopped outlives a conductor that is killed. */
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'] as const;

let isThere: boolean | undefined;

/** What to put before a command so that it dies with this process: nothing where that is not possible. */
export function dieWithParent(): readonly string[] {
  isThere ??= spawnSync(DIE_WITH_PARENT[0], [...DIE_WITH_PARENT.slice(1), 'true']).status === 0;
  return isThere ? DIE_WITH_PARENT : [];
}

/**
 * @param before words of a command that runs the one behind it, without quotes or spaces in them
 * @returns the file's path
 */
export function makeNodeWrapper(folder: string, name: string, before: readonly string[] = []): string {
  const path = join(folder, name);
  const command = [...dieWithParent(), ...before, `'${process.execPath}'`, '"$@"'].join(' ');
  writeFileSync(path, `#!/bin/sh\nexec ${command}\n`, { mode: 0o700 });
  return path;
}
