/**
 * A barrier is a point that all members of a cluster reach before any of them goes on. It takes one small actor: members
 * arrive by a command, and ask a query until all are there. The query runs at the member's own replica and sends nothing,
 * so asking costs nobody but the asker.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Command, Query, Replicated, type Cluster } from '@bowecho/actors';

/** A barrier is needed at every member, however many there are; 64 is the most that a cluster has. */
const EVERY_MEMBER = 64;
/** Between two questions, milliseconds. */
const ASK_AGAIN_MS = 10;

@Replicated({ name: 'barrier', replicas: EVERY_MEMBER })
export class Barrier {
  private members = new Set<string>();

  @Command() arrive(member: string): void {
    this.members.add(member);
  }

  @Query() haveArrived(members: readonly string[]): boolean {
    return members.every(member => this.members.has(member));
  }
}

/**
 * Resolves when all members have come to the barrier of that name. Who has left or died by then is in no view any more, and
 * is not waited for.
 */
export async function meet(cluster: Cluster, name: string): Promise<void> {
  const barrier = cluster.get(Barrier, name);
  await barrier.arrive(cluster.id);
  while (!(await barrier.haveArrived(cluster.view!.members))) await wait(ASK_AGAIN_MS);
}
