/**
 * Which fabrics this installation has, why one is missing, and a new one by name. A host asks by name and needs no class of
 * this package.
 */
import { BowechoError, type Fabric } from '@bowecho/core';
import { loadAddon } from './addon.js';
import { hostIdentity } from './host-identity.js';
import { SharedMemoryFabric } from './shared-memory-fabric.js';

/** All that this version knows, best first. */
const FABRICS: Readonly<Record<string, () => (() => Fabric) | string>> = {
  'shared-memory': () => {
    const loaded = loadAddon();
    if ('reason' in loaded) return loaded.reason;
    const host = hostIdentity();
    if ('reason' in host) return host.reason;
    return () => new SharedMemoryFabric(loaded.addon, host);
  },
};

/**
 * The names of the fabrics that can be used here, best first.
 *
 * @example
 * if (!availableFabrics().includes('shared-memory')) console.log(unavailableReason('shared-memory'));
 */
export function availableFabrics(): readonly string[] {
  return Object.keys(FABRICS).filter(name => unavailableReason(name) === undefined);
}

/** Why the fabric `name` cannot be used here, in words, and what would help; undefined if it can. */
export function unavailableReason(name: string): string | undefined {
  const maker = makerOf(name);
  return typeof maker === 'string' ? maker : undefined;
}

/**
 * Makes a fabric of its own. Whoever makes it closes it.
 *
 * @param name one of `availableFabrics()`
 * @throws BowechoError FABRIC_UNAVAILABLE with the reason and what to do
 * @throws BowechoError MEMORY_UNAVAILABLE where the operating system refuses the little memory that a fabric itself needs
 *
 * @example
 * const fabric = createFabric('shared-memory');
 * const table = fabric.register(1 << 20); // send fabric.address and table.key to the peers
 * fabric.close(() => console.log('nothing is mapped any more'));
 */
export function createFabric(name: string): Fabric {
  const maker = makerOf(name);
  if (typeof maker !== 'string') return maker();
  throw new BowechoError('FABRIC_UNAVAILABLE', `the fabric '${name}' cannot be used here: ${maker}`);
}

function makerOf(name: string): (() => Fabric) | string {
  const known = Object.hasOwn(FABRICS, name) ? FABRICS[name] : undefined;
  if (known !== undefined) return known();
  const names = Object.keys(FABRICS).map(one => `'${one}'`);
  return `@bowecho/rdma has no fabric of that name; this version has ${names.join(', ')}`;
}
