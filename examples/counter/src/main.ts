/** The README's counter. Each member of the cluster runs this file, in a process of its own: `npm run counter`. */
import { Command, Query, Replicated, createCluster } from '@bowecho/actors';

@Replicated({ name: 'counter' })
class Counter {
  private value = 0;
  @Command() add(by: number): number {
    return (this.value += by);
  }
  @Query() read(): number {
    return this.value;
  }
}

const cluster = await createCluster({ actors: [Counter] });
cluster.on('view', ({ left }) => {
  if (left.length > 0) void cluster.close(); // the others could go on; here whoever sees one leave does so, too
});
const visits = cluster.get(Counter, 'visits');
const visit = await visits.add(1); // applied at every replica, in one order
console.log(cluster.id, 'made visit', visit);
if (visit === cluster.view?.members.length) {
  for (const [member, value] of await visits.$all.read()) console.log(member, 'sees', value);
  await cluster.close();
}
