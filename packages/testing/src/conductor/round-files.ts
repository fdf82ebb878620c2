/**
 * The folder of a round: what its members wrote (member-files.ts), and what became of each, in `fates.json`. That is all that
 * checks need, so a round that was kept can be judged again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCalls, readState, readSteps } from './member/member-files.js';
import type { MemberRecord, RoundRecord } from './round-record.js';

export type MemberFate = Pick<MemberRecord, 'id' | 'fate' | 'goneAt'>;

const FATES = 'fates.json';

export function writeFates(folder: string, fates: readonly MemberFate[]): void {
  writeFileSync(join(folder, FATES), `${JSON.stringify(fates, undefined, 2)}\n`);
}

/** @throws the system's error where the folder is none of a round that has ended */
export function readRound(folder: string): RoundRecord {
  const fates = JSON.parse(readFileSync(join(folder, FATES), 'utf8')) as MemberFate[];
  const members = fates.map(({ id, fate, goneAt }): MemberRecord => {
    const state = readState(folder, id);
    return {
      id,
      fate,
      goneAt,
      calls: readCalls(folder, id),
      steps: readSteps(folder, id),
      state: state.size > 0 ? state : undefined,
    };
  });
  return { members };
}
