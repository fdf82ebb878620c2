/**
 * Join: a process wants to be in the group, and asks until it is: under a name of its own, or as a new incarnation of a founder
 * that has crashed. It may die some time after it was let in.
 */
import { die, drawDeath, type Death } from './crash.js';
import { drawMoment, type FaultKind } from './fault-stage.js';

export interface Join {
  readonly kind: 'join';
  /** Virtual microseconds. */
  readonly at: number;
  /** The founder whose name it takes, if that one is dead by then. */
  readonly rank: number;
  /** Whom it asks first, counted among those who run. */
  readonly first: number;
  /** Microseconds after it was let in at which it dies; null: it lives. */
  readonly livesFor: number | null;
  readonly death: Death;
}

export const join: FaultKind<Join> = {
  // It makes a group of three one of four, and half as much happens again there: small worlds are for running many.
  share: ({ nodes }) => (nodes > 3 ? 0.5 : 0.125),
  most: ({ nodes }) => (nodes > 3 ? 2 : 1),

  draw(random, scope) {
    const { nodes, heal, up } = scope;
    return {
      kind: 'join',
      at: drawMoment(random, scope),
      rank: random.below(nodes),
      first: random.below(nodes),
      livesFor: random.chance(0.25) ? random.below(heal - up) : null,
      death: drawDeath(random, scope),
    };
  },

  begin({ rank, first, livesFor, death }, stage) {
    const founder = stage.nodes[rank]!;
    const isRestart = !founder.isAlive && !stage.isJoining(`n${rank}`);
    stage.fired[isRestart ? 'joinRestart' : 'joinNew']++;
    const id = isRestart ? `n${rank}` : stage.freshId();
    stage.join(id, first, node => {
      stage.fired.joinLetIn++;
      stage.tell(node, `joins as ${id}`);
      if (livesFor === null) return;
      stage.at(stage.now + livesFor, () => {
        if (!stage.nodes[node]!.isAlive) return;
        stage.fired.joinDied++;
        stage.tell(node, 'crashes after its join');
        die(node, death, stage);
      });
    });
  },
};
