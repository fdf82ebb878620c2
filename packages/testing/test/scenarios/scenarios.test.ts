/**
 * Goal: how views change is there to be read, and a change of it is seen. Method: small worlds in which one thing
 * happens, told as text, compared with what is kept in `golden/`. All checkers are on. With `--rewrite` the texts are
 * written anew; read what changed before it is committed:
 *
 *     npx mocha --no-config packages/testing/dist/test/scenarios/scenarios.test.js --rewrite
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_HAZARDS, World, watchAll } from '@bowecho/testing';
import { expect } from 'chai';
import { Chronicle } from './chronicle.js';
import { SCENARIOS, type Scenario } from './scenarios.js';

const GOLDEN = fileURLToPath(new URL('../../../test/scenarios/golden/', import.meta.url));

function play({ title, nodes, subgroups, suspicionMs, faults, script }: Scenario): string {
  const world = new World({
    seed: 'scenario',
    nodes,
    latency: [0.1, 0.5],
    maxTurnDelayMs: 0.05,
    clockSkewMs: 0,
    deliveriesPerTurn: 64,
    hazards: NO_HAZARDS,
    ...(subgroups && { subgroups }),
    ...(suspicionMs !== undefined && { suspicionMs }),
    ...(faults && { faults }),
  });
  watchAll(world);
  const chronicle = new Chronicle(world);
  world.observe(chronicle);
  script?.(world);
  world.runUntilQuiet();
  return chronicle.text(title);
}

describe('scenarios of view changes', () => {
  for (const scenario of SCENARIOS) {
    it(scenario.name, () => {
      const file = `${GOLDEN}${scenario.name}.txt`;
      const text = play(scenario);
      if (process.argv.includes('--rewrite')) writeFileSync(file, text);
      expect(text).to.equal(readFileSync(file, 'utf8'));
    });
  }

  it('are all kept, and nothing else is', () => {
    expect(readdirSync(GOLDEN).sort()).to.deep.equal(SCENARIOS.map(({ name }) => `${name}.txt`).sort());
  });
});
