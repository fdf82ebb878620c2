/**
 * @bowecho/rdma has the fabrics between processes: shared memory for those of one Linux machine, libfabric (verbs, efa, tcp) for
 * those of several, and `auto`, which is both at once. They keep the contract in core's fabric.ts and pass
 * `fabricConformance` of `@bowecho/testing`.
 *
 * Importing this package never throws, whatever the platform. What can be used is asked, or told by an error with a reason.
 */
export { availableFabrics, createFabric, unavailableReason } from './fabrics.js';
export type { FabricOptions } from './fabrics.js';
export type { NetworkCounts } from './rdma-fabric.js';
export { surveyFabrics } from './doctor/survey.js';
export type { FabricState, FabricSurvey, Finding } from './doctor/survey.js';
export { probeFabric } from './doctor/probe.js';
export type { ProbeOptions, ProbeResult } from './doctor/probe.js';
