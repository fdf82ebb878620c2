/**
 * `bowecho sim`: runs the protocol in simulated worlds, a seed each, until one breaks a property or all have kept them. The
 * worlds are those of `@bowecho/testing`; this is how many, which, and what is said about them.
 *
 * Signals are left to the system. A world runs in one go, and one that never ends, which is what somebody may be looking
 * for here, could not be ended by a listener for Ctrl-C.
 */
import { setImmediate } from 'node:timers/promises';
import { assert } from '@bowecho/core';
import { statusOfSignal } from '../exit-status.js';
import { version } from '../version.js';
import {
  progressLine,
  replayCommand,
  replayLines,
  shrunkLines,
  summaryLine,
  violationLines,
  worldCommand,
  type WorldName,
} from './report.js';
import { DEFAULT_SEEDS, type SimOptions } from './sim-options.js';
import { simProblem } from './sim-problem.js';
import {
  loadTesting,
  type CheckError,
  type NodesOption,
  type TestingPackage,
  type Violation,
} from './testing-package.js';
import { Totals } from './totals.js';
import { readWorld, writeWorld, type WorldFile } from './world-file.js';

const WRONG = 1;
/** Who waits at a terminal is told so often how far it is. */
const PROGRESS_MS = 10_000;
/** Stands for the name of a checker where something threw that no checker expects. */
const NO_CHECKER = 'the run itself';

/** Runs the worlds, says what came of them, and resolves with the exit status. */
export async function sim(options: SimOptions): Promise<number> {
  const testing = await loadTesting(process.cwd());
  if ('reason' in testing) return refuse(testing.reason);
  const problem = simProblem(options, testing.PROFILE_NAMES);
  if (problem !== undefined) return refuse(problem);
  const { world: file } = options;
  if (file === undefined) return new Sim(testing, options).run();
  const found = readWorld(file, testing.PROFILE_NAMES);
  return 'reason' in found ? refuse(found.reason) : new Sim(testing, options).showWorld(file, found.world);
}

function refuse(problem: string): number {
  console.error(`bowecho sim: ${problem}`);
  return WRONG;
}

class Sim {
  private isOutputClosed = false;
  private readonly nodes: NodesOption;

  constructor(
    private readonly testing: TestingPackage,
    private readonly options: SimOptions,
  ) {
    this.nodes = nodesOption(options.nodes);
    process.stdout.on('error', () => (this.isOutputClosed = true));
  }

  async run(): Promise<number> {
    const { timeline = false, profile, seed } = this.options;
    if (!timeline) return this.search();
    const options = {
      ...this.nodes,
      replay: replayCommand({ profile, seed, nodes: this.options.nodes }),
    };
    return this.show(seed, print => this.testing.replaySeed(profile, seed, print, options));
  }

  /** @param file where it was found */
  showWorld(file: string, world: WorldFile): Promise<number> {
    const options = { ...nodesOption(world.nodes), replay: worldCommand(file) };
    return this.show(world.seed, print => this.testing.replayWorld(world, print, options));
  }

  /** One world, with its time-line. */
  private async show(
    seed: number,
    replay: (print: (line: string) => void) => CheckError | undefined,
  ): Promise<number> {
    const violation = this.violationOf(() => {
      const error = replay(line => this.say([line]));
      if (error !== undefined) throw error;
    });
    this.say(violation === undefined ? [`seed ${seed}: no violation`] : violationLines(seed, violation));
    return this.status(violation);
  }

  /** All worlds, up to the first one that fails. */
  private async search(): Promise<number> {
    const { profile, seed: from, seeds = DEFAULT_SEEDS } = this.options;
    const totals = new Totals();
    const start = performance.now();
    let saidAt = process.stderr.isTTY ? start : Infinity;
    let violation: Violation | undefined;
    while (totals.worlds < seeds && violation === undefined && !this.isOutputClosed) {
      const seed = from + totals.worlds;
      violation = this.violationOf(() =>
        totals.add(this.testing.runSeeds({ from: seed, count: 1, profile, ...this.nodes })),
      );
      totals.worlds++;
      if (performance.now() - saidAt > PROGRESS_MS && violation === undefined && totals.worlds < seeds) {
        saidAt = performance.now();
        console.error(progressLine(totals.worlds, seeds, seed + 1));
      }
      await setImmediate(); // an output that is closed is heard of here
    }
    this.conclude(totals, (performance.now() - start) / 1000, violation);
    return this.status(violation);
  }

  private conclude(totals: Totals, seconds: number, violation: Violation | undefined): void {
    const { profile, seed: from, json = false } = this.options;
    const { worlds, fired } = totals;
    const seed = from + worlds - 1;
    const world: WorldName = { profile, seed, nodes: this.options.nodes };
    const shrunk = violation === undefined ? undefined : this.shrink(violation, world);
    if (json) {
      const found = violation && { seed, ...violation, replay: replayCommand(world), shrunk };
      this.sayJson({ seconds, ...totals, violation: found });
      return;
    }
    if (violation !== undefined) this.say([...violationLines(seed, violation), ...replayLines(world)]);
    if (shrunk !== undefined) this.say(shrunkLines(shrunk, this.options.shrink!));
    this.say([summaryLine(worlds, seconds, fired, violation && seed)]);
  }

  /** Cuts the world down and writes it where that was asked for. */
  private shrink({ checker }: Violation, { profile, seed }: WorldName): WorldFile | undefined {
    const { shrink: file } = this.options;
    if (file === undefined) return undefined;
    if (checker === NO_CHECKER) {
      console.error(
        `bowecho sim: only what a checker finds can be shrunk, so nothing is written to '${file}'`,
      );
      return undefined;
    }
    const shrunk = this.testing.shrinkSeed(profile, seed, this.nodes);
    assert(
      shrunk !== undefined,
      `seed ${seed} of profile ${profile} failed, and did not when it was run again`,
    );
    const world = { ...this.nodes, ...shrunk };
    const problem = writeWorld(file, world);
    if (problem === undefined) return world;
    console.error(`bowecho sim: ${problem}`);
    return undefined;
  }

  /** Runs a world. What it throws is what this command looks for, whether a checker or nobody expected it. */
  private violationOf(run: () => void): Violation | undefined {
    try {
      run();
      return undefined;
    } catch (error) {
      if (error instanceof this.testing.CheckError) return error.violation;
      const [sentence, ...lines] = (
        error instanceof Error ? (error.stack ?? String(error)) : String(error)
      ).split('\n');
      return { checker: NO_CHECKER, sentence: sentence!, lines: lines.map(line => line.trim()) };
    }
  }

  private async status(violation: Violation | undefined): Promise<number> {
    await setImmediate(); // as above
    if (this.isOutputClosed) return statusOfSignal('SIGPIPE');
    return violation === undefined ? 0 : WRONG;
  }

  private say(lines: readonly string[]): void {
    process.stdout.write(`${lines.join('\n')}\n`);
  }

  private sayJson(result: object): void {
    const { profile, seed, nodes } = this.options;
    const text = JSON.stringify({ version: version(), profile, nodes, seed, ...result }, null, 2);
    process.stdout.write(`${text}\n`);
  }
}

/** Left out where the profile decides. */
function nodesOption(nodes: number | undefined): NodesOption {
  return nodes === undefined ? {} : { nodes };
}
