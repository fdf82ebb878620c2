/**
 * Epoch is one view at one member: its engine, its registered memory, and its ways to the others. A member has one at a
 * time that it is in, and keeps those before it until nobody needs them any more.
 */
import { Engine, memberTableLayout, type EngineOptions, type Predecessor } from './engine.js';
import type { Fabric, Peer, Region } from './fabric.js';
import { multicastLayout } from './multicast/multicast.js';
import { rankOfMember, type MemberIdentity, type View } from './view/view.js';

export class Epoch {
  readonly memberRegion: Region;
  /** By replica set: undefined where this member is no replica. */
  readonly shardRegions: readonly (Region | undefined)[];
  /** By replica set: all of its table, for payloads. */
  readonly shardBytes: readonly (Uint8Array | undefined)[];
  readonly engine: Engine;
  /** By rank. */
  readonly peers: Peer[][];

  /**
   * Registers fresh memory.
   *
   * @param before what comes before it at this member; undefined for founders
   */
  constructor(view: View, me: MemberIdentity, fabric: Fabric, options: EngineOptions, before?: Predecessor) {
    const myRank = rankOfMember(view, me);
    this.memberRegion = fabric.register(memberTableLayout(view).bytes);
    this.shardRegions = view.sets.map(set =>
      set.replicas.includes(myRank)
        ? fabric.register(multicastLayout(set, options.ringBytes).bytes)
        : undefined,
    );
    this.shardBytes = this.shardRegions.map(region => region && new Uint8Array(region.memory));
    const memory = {
      memberTable: this.memberRegion.memory,
      shardTables: this.shardRegions.map(region => region?.memory),
    };
    this.engine = new Engine(view, myRank, memory, options, before);
    this.peers = view.members.map(() => []);
  }

  /** Fences everybody out. */
  close(): void {
    this.memberRegion.close();
    for (const region of this.shardRegions) region?.close();
  }
}
