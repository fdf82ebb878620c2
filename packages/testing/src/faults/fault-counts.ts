/**
 * FaultCounts says how often each fault had an effect in a world. A batch of runs in which one of them never did has not
 * tested it (C15), so tests of batches look at every count.
 */

export const FAULT_EFFECTS = [
  /** A node died between two turns; between two writes of a push; between two deliveries of a turn. */
  'crashBetweenTurns',
  'crashInPush',
  'crashInDelivery',
  /** Of what a crashed node had posted: writes that never landed, and writes that landed in part. */
  'crashLostWrites',
  'crashTornWrite',
  /** A peer was told of a crash by its fabric; by its control channel; a crash of which nobody is ever told. */
  'crashToldByFabric',
  'crashToldByControl',
  'crashSilent',
  /** A node stood still between two turns; between two writes of a push; with its writes under way held as well. */
  'freezeBetweenTurns',
  'freezeInPush',
  'freezeHeldWrites',
  /** Links were cut, by what was cut. */
  'cutOneWay',
  'cutBothWays',
  'cutBridge',
  'cutPartition',
  /** What a cut did to writes: held until the heal; lost; lost, and the reader was told by a poll. */
  'cutHeldWrites',
  'cutLostWrites',
  'cutToldReader',
  /** A link that stays broken, and its sender told. */
  'cutForGood',
  'cutToldSender',
  /** A control connection broke; messages that were lost by it; messages that found no connection. */
  'controlReset',
  'controlLostMessages',
  'controlRefusedMessages',
  /** Control messages that came late. */
  'controlStall',
  /** A clock began to run at another rate. */
  'clockDrift',
  /** Turns of a node that were slow for a while; writes that a link was slow with. */
  'slowTurns',
  'slowWrites',
  /** A wedged member closed its memory, and writes that came after that. */
  'closedMemory',
  'lateWrites',
  /** A process wanted to join under a name of its own; as a new incarnation of one that crashed; was let in; died after that. */
  'joinNew',
  'joinRestart',
  'joinLetIn',
  'joinDied',
  /** A member that was well was taken for lost, and heard nothing of it. */
  'mistake',
] as const;

export type FaultEffect = (typeof FAULT_EFFECTS)[number];

export type FaultCounts = Record<FaultEffect, number>;

export function noFaultCounts(): FaultCounts {
  return Object.fromEntries(FAULT_EFFECTS.map(effect => [effect, 0])) as FaultCounts;
}

/** One line per effect, for people. */
export function describeFaults(counts: FaultCounts): string {
  return FAULT_EFFECTS.map(effect => `${effect.padEnd(24)} ${String(counts[effect]).padStart(8)}`).join('\n');
}
