/**
 * fabricConformance holds a fabric to the contract in core's fabric.ts, point by point. The simulated fabric, the
 * in-process one and those of `@bowecho/rdma` pass the same suite, so what holds in simulation has a right to hold in
 * production.
 *
 * It runs in any test framework: hand in its `describe` and `it`. A test gets fresh fabrics from `create` and looks at
 * memory after `settle`, or between calls of `step` where the order of arrival is the point. It never waits by a clock.
 *
 * What it cannot see: that bytes are borrowed and not copied (a matter of speed), and races between two machines.
 */
import { fenceTests } from './fences.js';
import { memoryTests } from './memory.js';
import { orderTests } from './order.js';
import { progressTests } from './progress.js';
import type { ConformanceOptions, ConformanceSetup } from './setup.js';
import { viewChangeTests } from './view-changes.js';

export type { ConformanceOptions, ConformanceSetup, ConformanceTraits } from './setup.js';

/**
 * Registers the suite.
 *
 * @example
 * fabricConformance({ name: 'in-process', describe, it, create: () => { ... return { a, b, c, settle() {}, close } } });
 */
export function fabricConformance(options: ConformanceOptions): void {
  const { name, traits = {} } = options;
  options.describe(`fabric contract: ${name}`, () => {
    const it = (title: string, body: (setup: ConformanceSetup) => Promise<void>): void => {
      options.it(title, async () => {
        const setup = await options.create();
        try {
          await body(setup);
        } finally {
          await setup.close();
        }
      });
    };
    memoryTests(it);
    orderTests(it);
    fenceTests(it, traits);
    progressTests(it, traits);
    viewChangeTests(it, traits);
  });
}
