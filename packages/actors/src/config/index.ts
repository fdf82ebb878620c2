export { resolveConfig } from './cluster-config.js';
export type { ClusterConfig, FabricName, ResolvedConfig } from './cluster-config.js';
export { ENVIRONMENT } from './environment.js';
export type { Environment } from './environment.js';
export type { TlsConfig } from './network-config.js';
export { DEFAULTS, LIMITS } from './limits.js';
export type { Range } from './limits.js';
