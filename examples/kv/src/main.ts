/** A member of the key-value store: every process of the cluster runs this file. Run it with `npm run kv`. */
import { createCluster } from '@bowecho/actors';
import { Barrier } from './barrier.js';
import { KeyValue } from './key-value.js';
import { play } from './play.js';

await using cluster = await createCluster({ actors: [KeyValue, Barrier] });
cluster.on('halted', reason => console.log('this member is in no group any more:', reason));
await play(cluster);
