/**
 * MemberInternals is the only door from the simulator into what core keeps private: the tables and rings of a member, for
 * checkers and time-lines that must see what no public method tells, and the counters' memory, for landings in mid-turn.
 *
 * Landings in mid-turn. A plain typed array cannot be hooked, so for the length of one turn each table's view of its own
 * registered memory is replaced by a proxy that calls back before it reads a cell. The code under test stays the shipped
 * code, and writes land between any two reads of a snapshot, as they do on shared memory.
 */
import {
  assert,
  shardColumns,
  type Application,
  type Engine,
  type Member,
  type Multicast,
  type Ports,
  type RingReader,
  type SendQueue,
  type Table,
} from '@bowecho/core';

/** The engine of the view that a member is in, or was in last. */
export function engineOf(member: Member): Engine {
  return member['engine'] as Engine;
}

/** Its engine of that view, as long as it has one. */
export function engineOfView(member: Member, vid: number): Engine | undefined {
  const former = member['former'] as readonly { readonly engine: Engine }[];
  return [engineOf(member), ...former.map(({ engine }) => engine)].find(({ view }) => view.vid === vid);
}

/** How many views a member keeps that it has left behind. */
export function formerViews(member: Member): number {
  return (member['former'] as readonly unknown[]).length;
}

/** Bytes of messages that wait for room in a ring, as they count. */
export function queuedBytes(multicast: Multicast): number {
  return (multicast['queue'] as SendQueue).byteCount;
}

/** The member table of an engine. */
export function memberTableOf(engine: Engine): Table {
  return engine['memberTable'] as Table;
}

/** Puts `wrap(application)` in the place of what runs on a member. */
export function wrapApplication(member: Member, wrap: (inner: Application) => Application): void {
  const ports = member['ports'] as Ports;
  const wrapped: Ports = { ...ports, application: wrap(ports.application) };
  assert(Reflect.set(member, 'ports', wrapped), 'a member is frozen');
}

/** The member table of the present view, then the table of each replica set that this member replicates. */
export function tablesOf(member: Member): readonly Table[] {
  const engine = engineOf(member);
  const replicated = engine.multicasts.filter(multicast => multicast !== undefined);
  return [memberTableOf(engine), ...replicated.map(multicast => multicast.table)];
}

/** How many frames of all senders a replica holds, knows to be held by everybody, and has delivered. */
export interface Progress {
  received: number;
  stable: number;
  delivered: number;
}

/** Adds up the progress of one replica over the senders of a set. */
export function addProgress(multicast: Multicast, sum: Progress): void {
  const { received } = shardColumns(multicast.set.senders.length);
  readersOf(multicast).forEach((reader, sender) => {
    sum.received += reader.received;
    sum.delivered += reader.delivered;
    sum.stable +=
      multicast.set.mode === 'ordered' ? multicast.table.minimum(received + sender) : reader.delivered;
  });
}

/** By sender: frames that a replica has received in the view of its engine. */
export function framesReceived(multicast: Multicast): readonly number[] {
  return readersOf(multicast).map(({ received }) => received);
}

/** By sender: frames that it has delivered. */
export function framesDelivered(multicast: Multicast): readonly number[] {
  return readersOf(multicast).map(({ delivered }) => delivered);
}

function readersOf(multicast: Multicast): readonly RingReader[] {
  return multicast['readers'] as readonly RingReader[];
}

/** Replaces the counters' memory of some tables by one that calls back before each read, and puts it back. */
export class CounterHook {
  private readonly plain: readonly Float64Array[];
  private readonly hooked: readonly Float64Array[];

  constructor(
    readonly tables: readonly Table[],
    beforeRead: () => void,
  ) {
    this.plain = tables.map(table => table['cells'] as Float64Array);
    this.hooked = this.plain.map(
      cells =>
        new Proxy(cells, {
          get: (target, key): unknown => {
            beforeRead();
            return Reflect.get(target, key);
          },
          set: (target, key, value): boolean => Reflect.set(target, key, value),
        }),
    );
  }

  attach(): void {
    this.replace(this.hooked);
  }

  detach(): void {
    this.replace(this.plain);
  }

  private replace(memories: readonly Float64Array[]): void {
    this.tables.forEach((table, i) => assert(Reflect.set(table, 'cells', memories[i]), 'a table is frozen'));
  }
}
