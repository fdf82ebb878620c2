/** Runs a range of seeds of the ordering model, and reports the first that goes wrong with the command that replays it. */
import { OrderingModel, type Rules } from './ordering-model.js';

export interface ModelViolation {
  readonly seed: number;
  readonly what: string;
  readonly report: string;
}

export function firstViolation(rules: Rules, from: number, count: number): ModelViolation | undefined {
  for (let seed = from; seed < from + count; seed++) {
    const what = new OrderingModel(seed, rules).run();
    if (what === undefined) continue;
    const replay = `MODEL_SEED=${seed} npx mocha --no-config packages/core/dist/test/model/ordering-model.test.js`;
    return { seed, what, report: `seed ${seed}: ${what}\n  replay with ${replay}` };
  }
  return undefined;
}
