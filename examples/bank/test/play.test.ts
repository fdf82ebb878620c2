/** The example with real members of one process: they transfer, agree, wait for each other, and leave in order. */
import { createCluster } from '@bowecho/actors';
import { expect } from 'chai';
import { Bank } from '../src/bank.js';
import { Barrier } from '../src/barrier.js';
import { play, TRANSFERS } from '../src/play.js';
import { OWNERS } from '../src/transfers.js';

describe('the bank example', () => {
  for (const count of [1, 3, 5]) {
    it(`plays to its end with ${count === 1 ? 'one member' : `${count} members`}`, async () => {
      const seeds = Array.from({ length: count }, (_, i) => `bank${count}-n${i + 1}`);
      const lines: string[] = [];
      await Promise.all(
        seeds.map(async id => {
          await using cluster = await createCluster({
            id,
            seeds,
            fabric: 'in-process',
            actors: [Bank, Barrier],
            log: false,
          });
          await play(cluster, line => lines.push(`${id}: ${line}`));
        }),
      );
      for (const id of seeds) {
        const counts = lines.find(line => line.startsWith(`${id}: ${TRANSFERS} transfers: `));
        expect(counts).to.match(/INSUFFICIENT \d+, NO_ACCOUNT \d+, done \d+$/);
        expect(lines).to.include(`${seeds[0]}:   total at the replica of ${id}: 600.00 EUR`);
      }
      const accounts = lines.filter(line => /^\S+: {3}\w+ +[\d.]+ EUR$/.test(line));
      expect(accounts).to.have.lengthOf(OWNERS.length);
      expect(lines.at(-1)).to.match(/refused \(NO_ACCOUNT: .*digest (\w+), then \1$/);
    });
  }
});
