/**
 * simulation() is simulate() for the inside of a test: when the test fails it says how to see the same run again, and
 * shows the calls and the last lines of the time-line. `simulate` alone cannot: it does not learn that an assertion of
 * the test failed.
 */
import { Timeline, TIMELINE_HEADER } from '../timeline.js';
import { simulate, type Simulation, type SimulationOptions } from './simulate.js';

/** Lines of the time-line that are kept and shown. */
const SHOWN_LINES = 40;

/**
 * Runs `body` in a fresh simulation and ends that afterwards.
 *
 * @param print takes the report of a failure, one text of many lines; standard error where left out
 * @throws what `body` throws, after the report
 * @example
 * it('counts', () =>
 *   simulation({ actors: [Counter] }, async sim => {
 *     expect(await sim.get(Counter, 'visits').add(1)).to.equal(1);
 *   }));
 */
export async function simulation<T>(
  options: SimulationOptions,
  body: (sim: Simulation) => Promise<T>,
  print: (report: string) => void = console.error,
): Promise<T> {
  using sim = simulate(options);
  const lines: string[] = [];
  const keep = (line: string): void => {
    if (line === TIMELINE_HEADER) return;
    lines.push(line);
    if (lines.length > SHOWN_LINES) lines.shift();
  };
  sim.world.observe(new Timeline(sim.world, keep));
  try {
    return await body(sim);
  } catch (error) {
    print(
      [`replay with SIM_SEED=${sim.seed}`, '', sim.history.describe(), '', TIMELINE_HEADER, ...lines].join(
        '\n',
      ),
    );
    throw error;
  }
}
