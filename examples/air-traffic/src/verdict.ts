/**
 * A verdict compares what the replicas say with each other and with the plain computation, twice over: by the digest that
 * the framework takes of a replica's state, and by a hash of everything that a replica answers when it is asked.
 *
 * The digest sees all of the state, but only replicas have one. The hash of the answers is what the plain computation
 * can be held against.
 */
import { createHash } from 'node:crypto';
import type { Cluster } from '@bowecho/actors';
import { AirTrafficBoard } from './board.js';
import type { BoardContents } from './plain-totals.js';

/** What one replica, or the plain computation, says. */
export interface Testimony {
  /** Id of the member, or `plain computation`. */
  readonly from: string;
  readonly contents: BoardContents;
  /** Hash of `contents`. */
  readonly answersHash: string;
  /** Digest of the replica's state; the plain computation has none. */
  readonly stateDigest: string | undefined;
}

const PLAIN = 'plain computation';

/** More airports than there are. */
const ALL = 100_000;

/** Asks a member for everything. Its first query waits until this replica has applied all that the member received. */
export async function testimonyOf(member: Cluster, key: string): Promise<Testimony> {
  const board = member.get(AirTrafficBoard, key);
  const totals = await board.totals();
  const contents = { totals, airports: await board.busiest(ALL), worst: await board.worstDelays() };
  return {
    from: member.id,
    contents,
    answersHash: hashOf(contents),
    stateDigest: member.digest(AirTrafficBoard),
  };
}

export function plainTestimony(contents: BoardContents): Testimony {
  return { from: PLAIN, contents, answersHash: hashOf(contents), stateDigest: undefined };
}

/** What speaks against agreement, one sentence each; empty if all say the same. */
export function disagreements(replicas: readonly Testimony[], plain: Testimony): string[] {
  const [first] = replicas;
  const sentences: string[] = [];
  for (const replica of replicas) {
    if (replica.stateDigest !== first?.stateDigest) {
      sentences.push(`the state of ${replica.from} differs from the state of ${first?.from}`);
    }
    if (replica.answersHash !== plain.answersHash) {
      sentences.push(`${replica.from} answers otherwise than the ${PLAIN}`);
    }
  }
  return sentences;
}

/** Fields are listed one by one, so that their order in objects does not matter. */
function hashOf({ totals, airports, worst }: BoardContents): string {
  const facts = [
    [totals.flights, totals.miles, totals.delayed],
    airports.map(each => [
      each.code,
      each.departures,
      each.arrivals,
      each.delayed,
      each.delayMinutes,
      each.worstDelay,
    ]),
    worst.map(each => [each.date, each.delay, each.origin, each.destination]),
  ];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}
