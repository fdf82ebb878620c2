/**
 * Which fabric the members of a local run get. It is settled before any of them starts: a wrong name or a fabric that
 * cannot be used here is said once, and not by every member. Where nobody asks for one and processes cannot be connected
 * here, all members must live in one process, and that is said too.
 */
import { BowechoError } from '@bowecho/core';
import type { Environment } from '../../config/environment.js';
import { fabricNameProblem, isOfOneMachine, type FabricName } from '../../config/fabric-names.js';
import { isLoopback } from '../../control/address.js';
import { fabricProblem } from '../../host/open-fabric.js';
import { hostProblem, LOOPBACK_HOST } from './local-host.js';

export interface FabricChoice {
  /** `in-process`: all members live in one process. */
  readonly fabric: FabricName;
  /** Why it is `in-process`, in words, where nobody asked for that. */
  readonly why?: string;
}

/** The variable that says it where no option does. */
const VARIABLE = 'BOWECHO_FABRIC';

/**
 * The fabric that was asked for by the option `--fabric`, or else by `BOWECHO_FABRIC`; otherwise `auto`, or `in-process` where
 * that cannot be used.
 *
 * @param option what the user said, if anything
 * @param host the address of this machine where members are to listen: what can be used differs from one to the other
 * @throws BowechoError `CONFIG_INVALID` for a name that is none, with those that are, and for a host that is no address of
 * this machine
 * @throws BowechoError `FABRIC_UNAVAILABLE` if the one that was asked for cannot be used here, with the reason
 * @example
 * const { fabric, why } = await chooseFabric('libfabric-tcp');
 * if (why !== undefined) console.log(why);
 */
export async function chooseFabric(
  option: string | undefined,
  environment: Environment = process.env,
  host = LOOPBACK_HOST,
): Promise<FabricChoice> {
  const stranger = hostProblem('--host', host);
  if (stranger !== undefined) throw new BowechoError('CONFIG_INVALID', stranger);
  const where = option === undefined ? VARIABLE : '--fabric';
  const asked = option ?? (environment[VARIABLE] || 'auto'); // an empty variable says nothing
  const mistake = fabricNameProblem(where, asked);
  if (mistake !== undefined) throw new BowechoError('CONFIG_INVALID', mistake);
  const fabric = asked as FabricName;
  const problem = await fabricProblem(fabric, host);
  if (problem === undefined) return { fabric };
  if (fabric === 'auto') {
    return { fabric: 'in-process', why: `processes cannot be connected here: ${problem}` };
  }
  const isAnywhere = isOfOneMachine(fabric) || !isLoopback(host);
  const elsewhere = isAnywhere ? '' : '--host names an address beyond loopback; ';
  const advice = `${elsewhere}without ${where} the best that this machine has is taken`;
  throw new BowechoError(
    'FABRIC_UNAVAILABLE',
    `the fabric '${fabric}' cannot be used here: ${problem}; ${advice}`,
  );
}
