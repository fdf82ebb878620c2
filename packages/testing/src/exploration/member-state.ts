/**
 * MemberState is what of a member decides its future, as a hash: all its fields, found by looking, so that what core
 * adds counts without anybody thinking of it. Left out, by name, is what can make no difference:
 *
 *  - what stays as it is in a view (layouts, options), and what a turn fills before it reads it;
 *  - how often a row was pushed: its number and its sum only ever tell one push from the next;
 *  - the numbers of peers, which follow the order of connecting: only whether there is one counts;
 *  - entries of a `Releases` that are spent; the shard tables of views left behind, which nobody reads again;
 *  - counters of others' rows in registered memory: what has landed was taken over by the turn that it landed before.
 */
import { assert, type Member, type Releases, type Table, type View, type ViewDecision } from '@bowecho/core';
import { StateHash, type Digest64 } from './state-hash.js';

/** By class: fields that are left out. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  Member: ['takes', 'identity', 'options', 'ports', 'outbox', 'delivery', 'wayOf', 'events'],
  Epoch: ['memberRegion', 'shardRegions', 'shardBytes', 'peers'],
  Engine: ['mine', 'active'],
  ViewManager: ['takes', 'view', 'table', 'columns', 'isSuspected'],
  ReadLease: ['table', 'columns'],
  ViewEnd: ['takes', 'view', 'table', 'columns', 'notes', 'lease', 'finals', 'recordCells'],
  Multicast: ['set', 'columns', 'senderRows', 'stable'],
  RingReader: ['ints', 'doubles'],
  RingWriter: ['bytes', 'ints', 'doubles'],
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * The state of a member that lives. Of one that has crashed only how it knew that its view ended counts: what it had
 * received and told nobody is lost with it.
 */
export function memberState(member: Member, isAlive: boolean): Digest64 {
  const hash = new StateHash();
  if (isAlive) addFields(hash, member, 'Member');
  else {
    hash.word(member.view.vid);
    add(hash, (member['engine'] as { readonly manager: { readonly decided: unknown } }).manager.decided);
  }
  return hash.digest;
}

/** Adds a value of any kind. */
export function add(hash: StateHash, value: unknown): void {
  switch (typeof value) {
    case 'number':
      hash.number(value);
      break;
    case 'boolean':
      hash.word(value ? 1 : 2);
      break;
    case 'string':
      hash.text(value);
      break;
    case 'undefined':
      hash.word(3);
      break;
    case 'object':
      addObject(hash, value);
      break;
    default:
      assert(false, `a ${typeof value} in the state of a member`);
  }
}

function addObject(hash: StateHash, value: object | null): void {
  if (value === null) {
    hash.word(4);
  } else if (Array.isArray(value)) {
    hash.word(value.length);
    for (const each of value) add(hash, each);
  } else if (ArrayBuffer.isView(value)) {
    const cells = value as unknown as ArrayLike<number>;
    hash.word(cells.length);
    for (let i = 0; i < cells.length; i++) hash.number(cells[i]!);
  } else if (value instanceof Map) {
    hash.word(value.size);
    for (const [key, each] of value as Map<unknown, unknown>) {
      add(hash, key);
      add(hash, each);
    }
  } else {
    addInstance(hash, value);
  }
}

function addInstance(hash: StateHash, value: object): void {
  const { name } = value.constructor;
  switch (name) {
    case 'Table':
      addTable(hash, value as Table);
      break;
    case 'Releases':
      addReleases(hash, value as Releases);
      break;
    case 'ViewDecision':
      addDecision(hash, value as ViewDecision);
      break;
    case 'Membership':
      hash.text((value as { readonly state: string }).state);
      break;
    default:
      addFields(hash, value, name);
  }
}

function addFields(hash: StateHash, value: object, name: string): void {
  const leftOut = LEFT_OUT[name] ?? [];
  const fields = value as Fields;
  for (const field of leftOut) assert(field in fields, `${name} has no field ${field}`);
  for (const field in fields) {
    if (leftOut.includes(field)) continue;
    const held = fields[field];
    if (field === 'view') addView(hash, held as View);
    else if (field === 'memberPeers') addPeers(hash, held as Int32Array);
    else if (field === 'shardPeers') for (const peers of held as Int32Array[]) addPeers(hash, peers);
    else if (field === 'former') for (const epoch of held as Fields[]) addFormer(hash, epoch);
    else add(hash, held);
  }
}

function addView(hash: StateHash, { vid, members }: View): void {
  hash.word(vid);
  for (const { id } of members) hash.text(id);
}

function addPeers(hash: StateHash, peers: Int32Array): void {
  for (const peer of peers) hash.word(peer < 0 ? 0 : 1);
}

/** Of a view that was left behind only the member table lives on, and the vote in it. */
function addFormer(hash: StateHash, { engine }: Fields): void {
  const { view, manager, memberTable, memberPeers } = engine as Fields;
  addView(hash, view as View);
  add(hash, manager);
  addTable(hash, memberTable as Table);
  addPeers(hash, memberPeers as Int32Array);
}

function addTable(hash: StateHash, table: Table): void {
  const { layout, snapshot } = table;
  const fields = table as unknown as Fields;
  add(hash, snapshot);
  add(hash, fields['frozen']);
  for (const field of ['dirty', 'late', 'notesFrom', 'notesTo']) add(hash, fields[field]);
  const memory = fields['memory'] as ArrayBuffer;
  if (memory.byteLength > layout.notesOffset)
    hash.memory(memory, layout.notesOffset, layout.bytes - layout.notesOffset);
}

function addReleases(hash: StateHash, releases: Releases): void {
  const { counts, positions, first, size } = releases as unknown as {
    readonly counts: Float64Array;
    readonly positions: Float64Array;
    readonly first: number;
    readonly size: number;
  };
  hash.number(releases.position);
  hash.word(size);
  for (let i = first; i < first + size; i++) {
    hash.number(counts[i % counts.length]!);
    hash.number(positions[i % counts.length]!);
  }
}

/** What a proposer would put into its record is a function of what it saw: it is asked for it. */
function addDecision(hash: StateHash, decision: ViewDecision): void {
  const { votes, ballot, makeRecord } = decision as unknown as {
    readonly votes: unknown;
    readonly ballot: number;
    readonly makeRecord: (() => unknown) | undefined;
  };
  add(hash, votes);
  hash.word(ballot);
  if (ballot > 0) add(hash, makeRecord!());
}
