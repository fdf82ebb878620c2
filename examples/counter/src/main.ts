/** The README's counter: one number, replicated on three members of this process. Run it with `npm run counter`. */
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

const seeds = ['n1', 'n2', 'n3'];
const members = await Promise.all(
  seeds.map(id => createCluster({ id, seeds, fabric: 'in-process', actors: [Counter] })),
);
await Promise.all(members.map(member => member.get(Counter, 'visits').add(1))); // all three at once
for (const member of members) console.log(member.id, 'sees', await member.get(Counter, 'visits').read());
await Promise.all(members.map(member => member.close()));
