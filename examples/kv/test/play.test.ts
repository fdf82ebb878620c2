/** The example with real members of one process: they race, agree, wait for each other, and leave in order. */
import { createCluster } from '@bowecho/actors';
import { expect } from 'chai';
import { Barrier } from '../src/barrier.js';
import { KeyValue } from '../src/key-value.js';
import { play, ROUNDS } from '../src/play.js';

describe('the key-value example', () => {
  for (const count of [1, 3, 5]) {
    it(`plays to its end with ${count === 1 ? 'one member' : `${count} members`}`, async () => {
      const seeds = Array.from({ length: count }, (_, i) => `kv${count}-n${i + 1}`);
      const lines: string[] = [];
      await Promise.all(
        seeds.map(async id => {
          await using cluster = await createCluster({
            id,
            seeds,
            fabric: 'in-process',
            actors: [KeyValue, Barrier],
            log: false,
          });
          await play(cluster, line => lines.push(`${id}: ${line}`));
        }),
      );
      for (const id of seeds) {
        expect(lines.filter(line => line.startsWith(`${id}: won`))).to.have.lengthOf(1);
      }
      const sums = lines.filter(line => line.includes('together'));
      expect(sums).to.have.lengthOf(1);
      expect(sums[0]).to.include(`together ${ROUNDS} of ${ROUNDS}, and the shared counter says ${ROUNDS}`);
      const keys = seeds.map(id => `${id} ${count + 2}`).join(', ');
      expect(lines).to.include(`${seeds[0]}: keys at each replica: ${keys}`);
      expect(lines).to.have.lengthOf(count + 2);
    });
  }
});
