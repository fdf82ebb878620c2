/** checkRound judges one round by all checks. */
import type { RoundRecord } from '../round-record.js';
import { checkCommands } from './commands.js';
import { checkOrder } from './order.js';
import { checkReads } from './reads.js';
import type { RoundProblem } from './round-problem.js';
import { checkStates } from './states.js';

export interface RoundVerdict {
  /** Commands that their callers were answered. */
  readonly acknowledged: number;
  /** Reads that their callers were answered. */
  readonly reads: number;
  readonly problems: readonly RoundProblem[];
}

export function checkRound({ members }: RoundRecord): RoundVerdict {
  const { acknowledged, problems } = checkCommands(members);
  const answers = members
    .flatMap(({ calls }) => calls)
    .filter(({ end }) => end !== undefined && 'value' in end);
  return {
    acknowledged,
    reads: answers.length - acknowledged,
    problems: [...problems, ...checkOrder(members), ...checkStates(members), ...checkReads(members)],
  };
}
