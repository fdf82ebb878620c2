/** A member of the bank: every process of the cluster runs this file. Run it with `npm run bank`. */
import { createCluster } from '@bowecho/actors';
import { Bank } from './bank.js';
import { Barrier } from './barrier.js';
import { play } from './play.js';

await using cluster = await createCluster({ actors: [Bank, Barrier] });
cluster.on('halted', reason => console.log('this member is in no group any more:', reason));
await play(cluster);
