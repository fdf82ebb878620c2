export { resolveConfig } from './cluster-config.js';
export type { ClusterConfig, ResolvedConfig } from './cluster-config.js';
export { ENVIRONMENT } from './environment.js';
export type { Environment } from './environment.js';
export { FABRICS, type FabricName } from './fabric-names.js';
export type { TlsConfig } from './network-config.js';
export { DEFAULTS, LIMITS } from './limits.js';
export type { Range } from './limits.js';
