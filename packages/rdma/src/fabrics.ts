/**
 * Which fabrics this installation has, why one is missing, and a new one by name. A host asks by name and needs no class of
 * this package.
 */
import { BowechoError, type Fabric } from '@bowecho/core';
import { isIP } from 'node:net';
import { loadAddon } from './addon.js';
import { openLibfabric } from './libfabric/open-libfabric.js';
import { providersOf } from './libfabric/providers.js';
import { RdmaFabric, type Say, type TransportMaker } from './rdma-fabric.js';
import { isSameHostAddress, whyNotMine } from './same-host-address.js';
import { hostIdentity } from './shared-memory/host-identity.js';
import { SharedMemoryTransport } from './shared-memory/shared-memory-transport.js';

export interface FabricOptions {
  /**
   * A local IP address at which peers reach this process: libfabric binds there. Default `127.0.0.1`, where only processes
   * of this machine reach it.
   */
  readonly host?: string;
  /** Hears in words what was chosen, what was passed over, and why a peer failed; a sentence each time. */
  readonly say?: Say;
}

/** What a fabric is to be made of, or why it cannot be. */
type Recipe = { readonly makers: readonly TransportMaker[] } | { readonly reason: string };

interface Settings {
  readonly host: string;
  readonly say: Say;
}

/** All that this version knows, best first. */
const FABRICS: Readonly<Record<string, (settings: Settings) => Recipe>> = {
  auto: bothRecipes,
  'shared-memory': sharedMemoryRecipe,
  libfabric: settings => libfabricRecipe(['verbs', 'efa', 'tcp'], settings),
  'libfabric-verbs': settings => libfabricRecipe(['verbs'], settings),
  'libfabric-efa': settings => libfabricRecipe(['efa'], settings),
  'libfabric-tcp': settings => libfabricRecipe(['tcp'], settings),
  'libfabric-shm': settings => libfabricRecipe(['shm'], settings),
};

/**
 * The names of the fabrics that can be used here, best first.
 *
 * @example
 * if (!availableFabrics().includes('shared-memory')) console.log(unavailableReason('shared-memory'));
 */
export function availableFabrics(options: FabricOptions = {}): readonly string[] {
  return Object.keys(FABRICS).filter(name => unavailableReason(name, options) === undefined);
}

/** Why the fabric `name` cannot be used here, in words, and what would help; undefined if, as far as can be seen, it can. */
export function unavailableReason(name: string, options: FabricOptions = {}): string | undefined {
  const recipe = recipeOf(name, options);
  return 'reason' in recipe ? recipe.reason : undefined;
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
export function createFabric(name: string, options: FabricOptions = {}): Fabric {
  const recipe = recipeOf(name, options);
  if ('reason' in recipe) {
    throw new BowechoError(
      'FABRIC_UNAVAILABLE',
      `the fabric '${name}' cannot be used here: ${recipe.reason}`,
    );
  }
  const loaded = loadAddon();
  if ('reason' in loaded) throw new BowechoError('FABRIC_UNAVAILABLE', loaded.reason);
  return new RdmaFabric(loaded.addon, recipe.makers, options.say ?? (() => {}));
}

function recipeOf(name: string, { host = '127.0.0.1', say = () => {} }: FabricOptions): Recipe {
  const recipe = Object.hasOwn(FABRICS, name) ? FABRICS[name] : undefined;
  if (recipe === undefined) {
    const names = Object.keys(FABRICS).map(one => `'${one}'`);
    return {
      reason: `@bowecho/rdma has no fabric of that name; this version has ${names.join(', ')}`,
    };
  }
  if (isIP(host) === 0) return { reason: `the host must be an IP address of this machine, but is '${host}'` };
  return recipe({ host, say });
}

function sharedMemoryRecipe(): Recipe {
  const loaded = loadAddon();
  if ('reason' in loaded) return loaded;
  const identity = hostIdentity();
  if ('reason' in identity) return identity;
  return { makers: [listener => new SharedMemoryTransport(loaded.addon, identity, listener)] };
}

function libfabricRecipe(kinds: readonly string[], { host, say }: Settings): Recipe {
  const loaded = loadAddon();
  if ('reason' in loaded) return loaded;
  const found = providersOf(loaded.addon, kinds, host);
  if ('reason' in found) return found;
  const notMine = whyNotMine(host);
  if (notMine !== undefined) return { reason: notMine };
  return { makers: [listener => openLibfabric(found, host, listener, say)] };
}

/**
 * Both where both work, else the one that does, with a word about the other. On loopback all members are processes of this
 * machine, and shared memory is enough: no endpoint is opened.
 */
function bothRecipes(settings: Settings): Recipe {
  const near = sharedMemoryRecipe();
  if (isSameHostAddress(settings.host) && 'makers' in near) return near;
  const far = libfabricRecipe(['verbs', 'efa', 'tcp'], settings);
  if ('reason' in near) {
    if ('reason' in far && far.reason === near.reason) return near; // the addon is missing, for both
    if ('makers' in far) settings.say(`libfabric alone is used, without shared memory: ${near.reason}`);
    return 'reason' in far ? { reason: `${near.reason}; and no libfabric: ${far.reason}` } : far;
  }
  if ('reason' in far) {
    settings.say(`only members on this machine can be reached, by shared memory: ${far.reason}`);
    return near;
  }
  return { makers: [...near.makers, ...far.makers] };
}
