/**
 * Visibility says which writes on a link their target can notice, and from where on: who explores all ways in which
 * writes can land need not look at those that nobody can tell from another.
 */
import {
  fail,
  rankOfMember,
  type CounterBlock,
  type Engine,
  type Member,
  type MemberIdentity,
  type Region,
  type Table,
} from '@bowecho/core';
import { engineOf, memberTableOf } from '../member-internals.js';
import type { ExploredRegion, Link, Write } from './explored-fabric.js';

/**
 * - *counters*: a turn looks at them.
 * - *data*: looked at only once the counters behind it have landed.
 * - *overwriting*: notes over other notes, which somebody may be about to read.
 * - *unseen*: nobody looks at it any more.
 */
export type WriteKind = 'counters' | 'data' | 'overwriting' | 'unseen';

/** What memory is for. */
interface Place {
  readonly engine: Engine;
  readonly table: Table;
  readonly isShard: boolean;
  /** By node: the row that it writes. */
  readonly rows: readonly number[];
}

/** A shard table is read in these states of its view, or will be. */
const READING: ReadonlySet<string> = new Set(['connecting', 'installing', 'running', 'leaving']);

export class Visibility {
  private readonly places = new WeakMap<ExploredRegion, Place>();

  /** @param identities of all nodes */
  constructor(
    private readonly members: readonly Member[],
    private readonly identities: readonly MemberIdentity[],
  ) {}

  kindOf(link: Link, write: Write): WriteKind {
    const { remote, at } = write;
    if (!remote.isOpen) return 'unseen';
    const { engine, table, isShard, rows } = this.placeOf(link.target, remote);
    const present = engineOf(this.members[link.target]!);
    if (isShard && !(engine === present && READING.has(present.manager.state))) return 'unseen';
    const frozen = table['frozen'] as Uint8Array;
    if (frozen[rows[link.source]!] === 1) return 'unseen';
    if (at < table.layout.notesOffset) return 'counters';
    return !isShard && isWritten(write) ? 'overwriting' : 'data';
  }

  /** After how many writes of a link there is something new to be seen, each time. */
  stops(link: Link): readonly number[] {
    const { writes } = link;
    if (writes.length === 0) return NONE;
    return writes.flatMap((write, i) => (this.kindOf(link, write) === 'data' ? [] : [i + 1]));
  }

  /** Whether it makes a difference that the rest of a link lands though its row is looked at no more. */
  overwrites(link: Link): boolean {
    return link.writes.some(write => this.kindOf(link, write) === 'overwriting');
  }

  /**
   * Takes off a link what nobody will look at. Says whether that has overwritten notes, which are looked at in frozen
   * rows, too.
   */
  drop(link: Link): boolean {
    const { writes } = link;
    const isSeen = writes.map(write => this.kindOf(link, write) !== 'unseen');
    if (!isSeen.includes(false)) return false;
    let hasOverwritten = false;
    writes.forEach((write, i) => {
      if (isSeen[i] || !this.isNote(link, write) || !isWritten(write)) return;
      write.land();
      hasOverwritten = true;
    });
    link.writes = writes.filter((_, i) => isSeen[i]);
    return hasOverwritten;
  }

  /** The cells of a write that is a block of counters; undefined for any other. */
  counterBlock({ target }: Link, { remote, at }: Write): CounterBlock | undefined {
    const { layout } = this.placeOf(target, remote).table;
    return at < layout.notesOffset ? layout.block : undefined;
  }

  private isNote({ target }: Link, { remote, at }: Write): boolean {
    if (!remote.isOpen) return false;
    const { table, isShard } = this.placeOf(target, remote);
    return !isShard && at >= table.layout.notesOffset;
  }

  private placeOf(node: number, region: ExploredRegion): Place {
    let place = this.places.get(region);
    if (place === undefined) this.places.set(region, (place = this.findPlace(node, region)));
    return place;
  }

  private findPlace(node: number, region: ExploredRegion): Place {
    const member = this.members[node]!;
    for (const { engine, memberRegion, shardRegions } of epochsOf(member)) {
      const ranks = this.identities.map(identity => rankOfMember(engine.view, identity));
      if (memberRegion === region)
        return { engine, table: memberTableOf(engine), isShard: false, rows: ranks };
      const set = shardRegions.indexOf(region);
      if (set < 0) continue;
      const { replicas } = engine.view.sets[set]!;
      const rows = ranks.map(rank => replicas.indexOf(rank));
      return { engine, table: engine.multicasts[set]!.table, isShard: true, rows };
    }
    fail(`region ${region.index} of node ${node} belongs to no view of it`);
  }
}

/** The memory of one view at a member. */
interface Epoch {
  readonly engine: Engine;
  readonly memberRegion: Region;
  readonly shardRegions: readonly (Region | undefined)[];
}

/** The present view, and those left behind. */
function epochsOf(member: Member): readonly Epoch[] {
  return [member['epoch'] as Epoch, ...(member['former'] as readonly Epoch[])];
}

const NONE: readonly number[] = [];

/** Whether something is written already where it goes. */
function isWritten({ remote, at, length }: Write): boolean {
  return remote.bytes.subarray(at, at + length).some(byte => byte !== 0);
}
