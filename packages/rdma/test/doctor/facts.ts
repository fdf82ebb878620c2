/** What a survey may find, for the tests of what is made of it: a machine where all is well, and RDMA ports. */
import type { RdmaPort } from '../../src/doctor/devices.js';
import type { Limits } from '../../src/doctor/limits.js';
import type { FabricFacts } from '../../src/doctor/survey.js';

export const NO_LIMITS: Limits = {
  memlockBytes: Infinity,
  openFiles: Infinity,
  fileBytes: Infinity,
  addressBytes: Infinity,
};

export const CARD: RdmaPort = {
  device: 'mlx5_0',
  port: '1',
  state: 'ACTIVE',
  link: 'InfiniBand',
  rate: '100 Gb/sec (4X EDR)',
  driver: 'mlx5_core',
  interface: 'ib0',
};

export const EFA_ADAPTER: RdmaPort = {
  device: 'efa_0',
  port: '1',
  state: 'ACTIVE',
  link: 'Unspecified',
  rate: '100 Gb/sec (4X EDR)',
  driver: 'efa',
};

const TCP = { provider: 'tcp;ofi_rxm', domain: 'eth0', address: '10.0.0.1' };
export const VERBS = { provider: 'verbs;ofi_rxm', domain: 'mlx5_0', address: '10.77.0.1' };

/** A card, its drivers and its address. */
export const GOOD: FabricFacts = {
  host: '10.77.0.1',
  addon: { isLoaded: true },
  libfabric: { version: '1.17' },
  providers: [VERBS, TCP],
  ports: [CARD],
  limits: NO_LIMITS,
  fabrics: [],
};

export const ONLY_TCP: FabricFacts = { ...GOOD, host: '10.0.0.1', providers: [TCP], ports: [] };
