/** watchAll puts every checker on a world: what a test of the protocol does unless it has a reason not to. */
import type { World } from '../world.js';
import { EqualState, type Digest } from './equal-state.js';
import { Fifo } from './fifo.js';
import { FreshReads } from './fresh-reads.js';
import { LastWord } from './last-word.js';
import { MonotoneCounters } from './monotone-counters.js';
import { NoHalt } from './no-halt.js';
import { OneView } from './one-view.js';
import { Settled } from './settled.js';
import { TotalOrder } from './total-order.js';
import { TypedErrors } from './typed-errors.js';
import { Uniform } from './uniform.js';
import { WithinLimits } from './within-limits.js';

/** @param digest says what state a replica is in; equal states are not checked where it is left out */
export function watchAll(world: World, digest?: Digest): void {
  world.observe(new NoHalt(world));
  world.observe(new TypedErrors(world));
  world.observe(new TotalOrder(world));
  world.observe(new Fifo(world));
  world.observe(new Uniform(world));
  world.observe(new OneView(world));
  world.observe(new LastWord(world));
  world.observe(new FreshReads(world));
  world.observe(new WithinLimits(world));
  world.observe(new MonotoneCounters(world));
  if (digest !== undefined) world.observe(new EqualState(world, digest));
  world.observe(new Settled(world));
}
