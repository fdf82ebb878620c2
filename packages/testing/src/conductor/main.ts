/**
 * The command behind `npm run soak`. docs/soak.md says what it does, and what its last line means.
 *
 * Exit status 0: nothing was wrong, and all that was asked for was done. 1: something was wrong, or time was too short. 2: it
 * could not begin. 130 and 143: interrupted.
 */
import { BowechoError } from '@bowecho/actors';
import { chooseFabric } from '@bowecho/actors/local';
import { randomBytes } from 'node:crypto';
import { checkRound } from './checks/check-round.js';
import { isInOwnNetwork, ownNetworkProblem, runInOwnNetwork } from './group/own-network.js';
import { readRound } from './round-files.js';
import { runSoak } from './soak.js';
import { soakCommand, type SoakCommandOptions } from './soak-options.js';
import { soakLine } from './soak-report.js';

/** The fabric whose links run through a network that can be cut. */
const CUT_FABRIC = 'libfabric-tcp';
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<number> {
  const options = soakCommand().parse().opts<SoakCommandOptions>();
  if (options.check !== undefined) return checkAgain(options.check);
  let { cuts } = options;
  if (cuts > 0 && options.fabric !== undefined && options.fabric !== CUT_FABRIC)
    return refuse(
      `--cuts needs --fabric ${CUT_FABRIC}: there is nothing to cut between members on ${options.fabric}`,
    );
  if (cuts > 0 && !isInOwnNetwork()) {
    const problem = ownNetworkProblem();
    if (problem === undefined) return runInOwnNetwork();
    console.log(`no cuts: they need a network of their own, and there can be none here: ${problem}`);
    cuts = 0;
  }
  // Links are cut between members, and loopback of a network of one's own is none of them: it is not asked there.
  const { fabric } = cuts > 0 ? { fabric: CUT_FABRIC } : await chooseFabric(options.fabric);
  if (fabric === 'in-process')
    return refuse('members must be processes to be killed, so --fabric in-process is no choice');
  const { seed = randomBytes(4).toString('hex'), minutes, pauses, suspicion: suspicionMs } = options;
  const kills = options.kills ?? Infinity;

  const stop = new AbortController();
  let interruptedBy: keyof typeof INTERRUPTED | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    // Not once: a terminal and a conductor around this one may both say it.
    process.on(signal, () => {
      interruptedBy ??= signal;
      stop.abort();
    });
  console.log(`soak over ${fabric}, seed ${seed}`);
  const say = (line: string): void => console.log(line);
  try {
    const budget = { kills, pauses, cuts };
    const run = { minutes, fabric, seed, suspicionMs, signal: stop.signal, say };
    const report = await runSoak({ ...budget, ...run });
    const isShort = !report.isDone && options.kills !== undefined;
    if (isShort) console.log(`time was over before all faults had happened`);
    for (const folder of report.kept) console.log(`to be looked at: ${folder}`);
    console.log(soakLine(report));
    return report.isWrong || isShort ? 1 : 0;
  } catch (error) {
    if (interruptedBy === undefined) throw error;
    return INTERRUPTED[interruptedBy];
  }
}

function checkAgain(folder: string): number {
  const { acknowledged, reads, problems } = checkRound(readRound(folder));
  for (const { kind, sentence } of problems) console.log(`${kind}: ${sentence}`);
  console.log(`commands acknowledged ${acknowledged}, reads ${reads}, problems ${problems.length}`);
  return problems.length > 0 ? 1 : 0;
}

function refuse(sentence: string): number {
  console.error(sentence);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BowechoError)) throw error;
  process.exitCode = refuse(error.message);
}
