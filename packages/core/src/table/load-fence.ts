/**
 * loadFence keeps reads of shared memory in the order of the program: what is read before it is older than what is read
 * after it.
 *
 * x86 does that by itself; ARM64 reorders plain loads freely, and an acquiring load alone orders only what follows it. A
 * releasing store followed by an acquiring load orders both sides (ARMv8 keeps that pair in order), and that is what
 * JavaScript's Atomics compile to. It costs some nanoseconds, so it stands where a counter has changed and never in a
 * turn that finds nothing.
 */

/** Nobody looks at it: only the order matters. */
const cell = new Int32Array(1);

export function loadFence(): void {
  Atomics.store(cell, 0, 0);
  Atomics.load(cell, 0);
}
