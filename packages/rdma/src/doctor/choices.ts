/**
 * What the names that leave it open come to, in words: `auto` and `libfabric` take what there is at an address, by the rules
 * of fabrics.ts.
 */
import { isSameHostAddress } from '../same-host-address.js';

/** In the order in which they are tried. */
const KINDS = ['verbs', 'efa', 'tcp'] as const;

/**
 * What a fabric that can be used at `host` is there; undefined where its name says it.
 *
 * @param reasons by name: why a fabric cannot be used there, undefined if it can
 */
export function choiceOf(
  name: string,
  reasons: ReadonlyMap<string, string | undefined>,
  host: string,
): string | undefined {
  if (name === 'auto') return choiceOfAuto(reasons, host);
  if (name !== 'libfabric') return undefined;
  const network = networkOf(reasons)!;
  const passedOver = KINDS.slice(0, KINDS.indexOf(network));
  return passedOver.length === 0
    ? `by ${network}`
    : `by ${network}; ${host} has no ${passedOver.join(' and no ')}`;
}

/** Why one of the two cannot be used is said where it is named itself. */
function choiceOfAuto(reasons: ReadonlyMap<string, string | undefined>, host: string): string {
  const network = networkOf(reasons);
  if (reasons.get('shared-memory') !== undefined) {
    return `libfabric by ${network} to all members: shared memory cannot be used`;
  }
  if (isSameHostAddress(host)) {
    return `shared memory: ${host} is a loopback address, so all members are on this machine`;
  }
  if (network !== undefined) {
    return `shared memory to members on this machine, libfabric by ${network} to others`;
  }
  return 'shared memory to members on this machine, and no others: libfabric cannot be used';
}

function networkOf(reasons: ReadonlyMap<string, string | undefined>): (typeof KINDS)[number] | undefined {
  return KINDS.find(kind => reasons.get(`libfabric-${kind}`) === undefined);
}
