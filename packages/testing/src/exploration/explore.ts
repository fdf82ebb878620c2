/**
 * explore goes through all that can happen to a small group: depth first, and never twice from the same state. Each state is
 * watched by the checkers on the way, and wherever nothing is left that must happen, everybody has to be well.
 *
 * A path is the list of the steps taken, as numbers of the menu at each moment: `replayPath` shows it again, from the
 * start. The search itself goes back by images (image.ts), and runs a path from the start now and then to see that this
 * leads to the same state.
 *
 * Which step comes first follows from the state's hash: the same in every run, and a search that is cut short has been
 * to many parts of the space instead of one corner.
 */
import { fail } from '@bowecho/core';
import { CheckError } from '../check-error.js';
import { Timeline } from '../timeline.js';
import type { World } from '../world.js';
import { ExploredGroup, type GroupImage } from './explored-group.js';
import type { Digest64 } from './state-hash.js';
import { StateSet } from './state-set.js';
import type { Exploration } from './surroundings.js';

export interface ExplorationLimits {
  readonly seconds: number;
  /** No limit where left out. */
  readonly states?: number;
  /** Takes every step there is, also those that only change the order of two turns which need nothing of each other. */
  readonly isEveryOrder?: boolean;
}

export interface ExplorationReport {
  readonly exploration: Exploration;
  /** Different ones. */
  readonly states: number;
  /** Steps taken, also to states that were known. */
  readonly steps: number;
  /** Ways that came to an end where nothing can happen any more. */
  readonly paths: number;
  /** Whether there is nothing else. */
  readonly isExhausted: boolean;
  readonly seconds: number;
  /** The longest way. */
  readonly depth: number;
  /** By view id: how many states were quiet with a member in that view, and none in a later one. */
  readonly views: readonly number[];
  /** What broke; nothing else was looked at then. */
  readonly violation: CheckError | undefined;
  /** The steps that led there, for `replayPath`; empty where nothing broke. */
  readonly path: string;
}

/** A state on the way to the present one. */
interface Frame {
  readonly state: Digest64;
  readonly depth: number;
  /** Undefined where there is one way on: nobody comes back. */
  readonly image: GroupImage | undefined;
  readonly steps: readonly number[];
  /** Where it begins in `steps`, and how many it has tried. */
  readonly first: number;
  tried: number;
}

/** So many states apart, a path is run from the start. */
const VERIFY_EVERY = 500;
/** So many steps apart, it looks at the time. */
const LOOK_AT_TIME_EVERY = 64;

/**
 * Goes on until all is explored, something breaks, or a limit is reached.
 *
 * @example
 * const report = explore({ name: 'a crash', nodes: 3, messages: [0], crashes: 1 }, { seconds: 60 });
 * console.log(describeExploration(report));
 * if (report.violation) replayPath(report.exploration, report.path, console.log);
 */
export function explore(exploration: Exploration, limits: ExplorationLimits): ExplorationReport {
  return new Search(exploration, limits).run();
}

class Search {
  private readonly start = performance.now();
  private readonly group: ExploredGroup;
  private readonly seen = new StateSet();
  private readonly frames: Frame[] = [];
  private readonly views: number[] = [];
  private steps = 0;
  private paths = 0;
  private depth = 0;

  constructor(
    private readonly exploration: Exploration,
    private readonly limits: ExplorationLimits,
  ) {
    this.group = new ExploredGroup(exploration);
  }

  run(): ExplorationReport {
    const { group, frames } = this;
    try {
      this.arrive();
      while (frames.length > 0 && !this.isAtLimit) {
        const frame = frames.at(-1)!;
        const { steps, image, depth, first } = frame;
        if (frame.tried === steps.length) {
          frames.pop();
          continue;
        }
        if (frame.tried > 0) group.restore(image!, depth);
        group.take(steps[(first + frame.tried++) % steps.length]!);
        this.steps++;
        this.arrive();
      }
      return this.report(undefined);
    } catch (error) {
      if (error instanceof CheckError) return this.report(error);
      throw error;
    }
  }

  private get isAtLimit(): boolean {
    const { limits, seen, steps } = this;
    if (seen.size >= (limits.states ?? Infinity)) return true;
    return steps % LOOK_AT_TIME_EVERY === 0 && this.seconds > limits.seconds;
  }

  private get seconds(): number {
    return (performance.now() - this.start) / 1000;
  }

  private arrive(): void {
    const { group, seen, frames } = this;
    const { state } = group;
    if (!seen.add(state)) {
      this.checkProgress(state);
      return;
    }
    if (seen.size % VERIFY_EVERY === 0) verify(group, state);
    if (group.isQuiet) this.rest();
    const depth = group.path.length;
    this.depth = Math.max(this.depth, depth);
    if (group.choices === 0) this.paths++;
    const steps = this.limits.isEveryOrder ? group.steps : group.freshSteps;
    if (steps.length === 0) return;
    const image = steps.length > 1 ? group.save() : undefined;
    frames.push({ state, depth, image, steps, first: (state.a >>> 0) % steps.length, tried: 0 });
  }

  private rest(): void {
    const { group, views } = this;
    group.checkEnd();
    const vids = group.members.filter((_, node) => group.isAlive(node)).map(({ view }) => view.vid);
    const last = Math.max(0, ...vids);
    while (views.length <= last) views.push(0);
    views[last]!++;
  }

  /** Steps that lead back to where they began can be taken for ever. */
  private checkProgress({ a, b }: Digest64): void {
    const { frames, group } = this;
    const before = frames.find(({ state }) => state.a === a && state.b === b);
    if (before === undefined) return;
    throw group.violation('liveness', `the last ${group.path.length - before.depth} steps led nowhere`, []);
  }

  private report(violation: CheckError | undefined): ExplorationReport {
    const { exploration, seen, steps, paths, seconds, depth, views, frames, group } = this;
    return {
      exploration,
      states: seen.size,
      steps,
      paths,
      isExhausted: frames.length === 0 && violation === undefined,
      seconds,
      depth,
      views,
      violation,
      path: violation === undefined ? '' : group.path.join('.'),
    };
  }
}

/** Going back by images must be the same as not having gone, and a turn that nothing calls for the same as none. */
function verify({ exploration, path }: ExploredGroup, state: Digest64): void {
  const again = new ExploredGroup(exploration);
  for (const step of path) again.take(step);
  const { a, b } = again.state;
  if (a !== state.a || b !== state.b) fail(`path ${path.join('.')} leads to another state from the start`);
  again.checkRest();
}

/**
 * Runs one path from the start.
 *
 * @param path as a report prints it: numbers with dots between them
 * @param print takes one line
 * @returns what broke, or undefined where nothing did
 */
export function replayPath(
  exploration: Exploration,
  path: string,
  print: (line: string) => void,
): CheckError | undefined {
  const group = new ExploredGroup(exploration);
  // Of a world the time-line uses what a group has.
  group.observe(new Timeline(group as unknown as World, print));
  try {
    for (const step of path === '' ? [] : path.split('.').map(Number)) {
      print(group.describe(step));
      group.take(step);
    }
    if (group.isQuiet) group.checkEnd();
    return undefined;
  } catch (error) {
    if (error instanceof CheckError) return error;
    throw error;
  }
}
