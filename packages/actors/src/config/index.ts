export { resolveConfig } from './cluster-config.js';
export type { ClusterConfig, FabricName, ResolvedConfig } from './cluster-config.js';
export { DEFAULTS, LIMITS } from './limits.js';
export type { Range } from './limits.js';
