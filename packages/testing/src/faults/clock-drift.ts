/** ClockDrift: from some moment on a clock runs at another rate, up to one percent fast or slow. It never goes back. */
import { drawMoment, type FaultKind } from './fault-stage.js';

export interface ClockDrift {
  readonly kind: 'clock-drift';
  readonly at: number;
  readonly rank: number;
  /** Parts per million by which the clock is fast. */
  readonly ppm: number;
}

export const clockDrift: FaultKind<ClockDrift> = {
  most: ({ nodes }) => nodes,

  draw: (random, scope) => ({
    kind: 'clock-drift',
    at: drawMoment(random, scope),
    rank: random.below(scope.nodes),
    ppm: random.between(-10_000, 10_000),
  }),

  begin({ rank, ppm }, stage) {
    stage.fired.clockDrift++;
    stage.nodes[rank]!.setClockRate(1 + ppm / 1e6, stage.now);
  },
};
