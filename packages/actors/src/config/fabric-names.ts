/**
 * The names of fabrics, everywhere the same: in the configuration, in BOWECHO_FABRIC, behind --fabric. Whether a fabric can
 * be used on this machine is another question, which `@bowecho/rdma` answers; `auto` too means what that package makes of it.
 */
import { describeValue } from './describe-value.js';
import { nearestName } from './known-keys.js';

/**
 * What carries the bytes:
 *
 *  - `auto`: between processes, members of one machine by shared memory and others by libfabric;
 *  - `in-process`: members of one process;
 *  - `shared-memory`: processes of one machine;
 *  - `libfabric`: the best provider that there is, verbs or efa, else tcp;
 *  - `libfabric-verbs` (InfiniBand, RoCE), `libfabric-efa` (AWS), `libfabric-tcp`, `libfabric-shm` (one machine): that provider.
 */
export const FABRICS = [
  'auto',
  'in-process',
  'shared-memory',
  'libfabric',
  'libfabric-verbs',
  'libfabric-efa',
  'libfabric-tcp',
  'libfabric-shm',
] as const;
export type FabricName = (typeof FABRICS)[number];

/**
 * Why `value` names no fabric; undefined if it does.
 *
 * @param where it was found, e.g. `fabric` or `BOWECHO_FABRIC`
 */
export function fabricNameProblem(where: string, value: unknown): string | undefined {
  if (FABRICS.includes(value as FabricName)) return undefined;
  const near = typeof value === 'string' ? nearestFabric(value) : undefined;
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  const names = FABRICS.map(name => `'${name}'`).join(', ');
  return `${where} must be one of ${names}, but is ${describeValue(value)}${hint}`;
}

/** Somebody who writes `verbs` means that provider. */
function nearestFabric(name: string): FabricName | undefined {
  const near = nearestName(name, FABRICS);
  return FABRICS.find(each => each === near || each.endsWith(`-${name}`));
}

/** Whether the members of that fabric must be on one machine. */
export function isOfOneMachine(name: FabricName): boolean {
  return name === 'in-process' || name === 'shared-memory' || name === 'libfabric-shm';
}
