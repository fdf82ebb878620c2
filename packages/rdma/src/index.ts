/**
 * @bowecho/rdma has the fabrics between processes. In this version that is shared memory, for members on one Linux machine;
 * it keeps the contract in core's fabric.ts and passes `fabricConformance` of `@bowecho/testing`. Libfabric (verbs, efa, tcp),
 * for members on several machines, is not built yet.
 *
 * Importing this package never throws, whatever the platform. What can be used is asked, or told by an error with a reason.
 */
export { availableFabrics, createFabric, unavailableReason } from './fabrics.js';
