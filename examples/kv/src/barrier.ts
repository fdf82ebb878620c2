/**
 * A barrier is a point that all members of a cluster reach before any of them goes on. It takes one small actor: members
 * arrive by a command, and ask a query until all are there. The query runs at the member's own replica and sends nothing,
 * so asking costs nobody but the asker.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { BowechoError, Command, Query, Replicated, type Cluster } from '@bowecho/actors';

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

  @Query() arrived(): number {
    return this.members.size;
  }
}

/** Resolves when all members have come to the barrier of that name. */
export async function meet(cluster: Cluster, name: string): Promise<void> {
  const barrier = cluster.get(Barrier, name);
  const count = cluster.view!.members.length;
  await barrier.arrive(cluster.id);
  while ((await barrier.arrived()) < count) await wait(ASK_AGAIN_MS);
}

/**
 * Resolves when all members have come to the end of their work. The first one that leaves ends the view, and may do so
 * before the others have asked again. They need not: it left, so it has seen that all are here, or it failed, and then its
 * own exit status says so.
 */
export async function meetToLeave(cluster: Cluster): Promise<void> {
  try {
    await meet(cluster, 'leave');
  } catch (error) {
    if (!(error instanceof BowechoError && VIEW_IS_OVER.has(error.code))) throw error;
  }
}

const VIEW_IS_OVER: ReadonlySet<string> = new Set(['HALTED', 'VIEW_ENDED']);
