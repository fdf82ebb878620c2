/**
 * checkCommands asks of each command whether what its caller was told is what happened: acknowledged, it was applied once
 * and at the place that the answer names; refused, never; of an unknown end, once at most.
 *
 * What happened is the state of the first survivor, or what was applied where nobody survived: that states and steps agree
 * everywhere is for other checks.
 */
import type { MemberRecord, SeenCall } from '../round-record.js';
import type { RoundProblem } from './round-problem.js';
import { appliedByKey } from './states.js';

export interface CommandsChecked {
  readonly acknowledged: number;
  readonly problems: readonly RoundProblem[];
}

export function checkCommands(members: readonly MemberRecord[]): CommandsChecked {
  const state = members.find(member => member.state !== undefined)?.state ?? appliedByKey(members);
  const places = placesOf(state);
  const problems: RoundProblem[] = [];
  let acknowledged = 0;
  for (const call of members.flatMap(({ calls }) => calls)) {
    const { command } = call;
    if (command === undefined) continue;
    const found = places.get(command) ?? [];
    places.delete(command);
    if (call.end !== undefined && 'value' in call.end) acknowledged++;
    const problem = problemOf(call, found);
    if (problem !== undefined) problems.push(problem);
  }
  for (const [command, [place]] of places)
    problems.push({
      kind: 'unheard-of',
      sentence: `${command} stands in ${place!.key}, and nobody called it`,
    });
  return { acknowledged, problems };
}

interface Place {
  readonly key: string;
  /** 1 for the first of its list. */
  readonly position: number;
}

function placesOf(state: ReadonlyMap<string, readonly string[]>): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  for (const [key, commands] of state)
    commands.forEach((command, i) => {
      const place = { key, position: i + 1 };
      const known = places.get(command);
      if (known === undefined) places.set(command, [place]);
      else known.push(place);
    });
  return places;
}

function problemOf(call: SeenCall, found: readonly Place[]): RoundProblem | undefined {
  const { member, command, key, end } = call;
  const named = `${command!} of ${member} on ${key}`;
  if (found.length > 1) {
    const where = found.map(place => `place ${place.position} of ${place.key}`).join(' and ');
    return { kind: 'doubled', sentence: `${named} was applied ${found.length} times: at ${where}` };
  }
  const [place] = found;
  if (place !== undefined && place.key !== key)
    return { kind: 'misplaced', sentence: `${named} was applied to ${place.key}` };
  if (end === undefined) return undefined;
  if ('error' in end) {
    const { code, didExecute } = end.error;
    if (didExecute === 'no' && place !== undefined)
      return { kind: 'denied', sentence: `${named} failed as ${code}, not executed, and was applied` };
    if (didExecute === 'yes' && place === undefined)
      return { kind: 'lost', sentence: `${named} failed as ${code}, executed, and was not applied` };
    return undefined;
  }
  const { length, last } = end.value;
  if (place === undefined)
    return { kind: 'lost', sentence: `${named} was acknowledged, and was not applied` };
  if (place.position !== length || last !== command)
    return {
      kind: 'misplaced',
      sentence: `${named} was answered as number ${length} (${last}), and stands at place ${place.position}`,
    };
  return undefined;
}
