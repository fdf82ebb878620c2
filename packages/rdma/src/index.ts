/**
 * @bowecho/rdma is where the fabrics between processes will live: shared memory for members on one host, and libfabric
 * (verbs, efa, tcp) for members on several, both through one native addon. They will keep the contract in core's
 * fabric.ts and pass `fabricConformance` of `@bowecho/testing`.
 *
 * In this version there is none of them. What is here lets a host ask, instead of guess, what this installation can do;
 * the answer is honest, and so far it is empty. Members of one process use the `in-process` fabric of `@bowecho/actors`.
 */

/**
 * The names of the fabrics that this installation has, best first.
 *
 * @example
 * if (!availableFabrics().includes('libfabric')) console.log('members of this version live in one process');
 */
export function availableFabrics(): readonly string[] {
  return [];
}
