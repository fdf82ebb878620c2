/**
 * ControlReset: the control connection of two members breaks. What is under way between them is lost from some point on,
 * nothing can be sent for a while, and then there is a new connection, over which each gives its keys once more, as a host
 * does. ControlStall: what one says to another over it is long under way.
 */
import { drawPair, drawSpan, type FaultKind, type Span } from './fault-stage.js';

export interface ControlReset extends Span {
  readonly kind: 'control-reset';
  readonly between: readonly [number, number];
  /** How many messages under way still arrive, each way. */
  readonly kept: number;
}

export const controlReset: FaultKind<ControlReset> = {
  most: () => 2,

  draw: (random, scope) => ({
    kind: 'control-reset',
    ...drawSpan(random, scope),
    between: drawPair(random, scope.nodes),
    kept: random.below(2),
  }),

  begin({ between: [a, b], kept, until }, stage) {
    const { control, nodes, fired } = stage;
    fired.controlReset++;
    fired.controlLostMessages += control.disconnect(a, b, kept);
    stage.tell(a, `its control connection to rank ${b} breaks`);
    const reconnect = (): void => {
      const thaw = Math.max(nodes[a]!.frozenUntil, nodes[b]!.frozenUntil);
      if (thaw > stage.now) {
        stage.at(thaw, reconnect);
        return;
      }
      control.reconnect(a, b);
      if (!nodes[a]!.isAlive || !nodes[b]!.isAlive) return;
      nodes[a]!.process.member.sendKeys(nodes[b]!.process.member.identity);
      nodes[b]!.process.member.sendKeys(nodes[a]!.process.member.identity);
    };
    stage.at(until, reconnect);
  },
};

export interface ControlStall extends Span {
  readonly kind: 'control-stall';
  readonly between: readonly [number, number];
}

export const controlStall: FaultKind<ControlStall> = {
  most: () => 2,

  draw: (random, scope) => ({
    kind: 'control-stall',
    ...drawSpan(random, scope),
    at: 0, // the keys are sent then
    between: drawPair(random, scope.nodes),
  }),

  begin({ between: [from, to], until }, stage) {
    stage.fired.controlStall++;
    stage.control.stall(from, to, until);
  },
};
