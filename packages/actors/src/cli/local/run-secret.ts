/**
 * The secret of a local run. Beyond loopback members know each other by one; who has not made one gets one that nobody knows
 * but the processes of this run.
 */
import { randomBytes } from 'node:crypto';
import type { Environment } from '../../config/environment.js';
import { isLoopback } from '../../control/address.js';

const VARIABLE = 'BOWECHO_SECRET';
const SECRET_BYTES = 32;

/** What is to be added to the environment of members at `host`: nothing, or a secret where they need one and have none. */
export function secretFor(host: string, environment: Environment): Record<string, string> {
  const isSet = (environment[VARIABLE] ?? '') !== ''; // an empty variable says nothing
  if (isSet || isLoopback(host)) return {};
  return { [VARIABLE]: randomBytes(SECRET_BYTES).toString('hex') };
}
