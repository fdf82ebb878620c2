/**
 * The main demo: a replicated air-traffic board on several members, each a process of this machine, fed with recorded
 * flights by all of them at once, while one is killed, and then held against a plain computation over the same flights.
 * Run it with `npm run demo`. This process starts the members and shows what comes of them; it is no member.
 *
 * Exit status: 0 if all replicas agree with each other and with the plain computation, 1 if they do not or something
 * went wrong, 130 after Ctrl-C, which still reports on what was sent until then. A second Ctrl-C ends it at once.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { chooseFabric, type FabricName } from '@bowecho/actors/local';
import { readAirports } from './airports.js';
import { LANES } from './board-member.js';
import { readFlights, type Flights } from './flights.js';
import type { Group, GroupFed } from './group.js';
import { formatCount, formatMoment, formatSeconds } from './format.js';
import { INTERRUPTED, interruptSignal } from './interrupt.js';
import { killPlan } from './kill-plan.js';
import { percentilesOf } from './latency.js';
import { OneProcessGroup } from './one-process-group.js';
import { readOptions, type DemoOptions } from './options.js';
import { plainTotals } from './plain-totals.js';
import { ProcessGroup } from './process-group.js';
import { reportOf, type ReportFacts } from './report.js';
import { sizeOf } from './share.js';
import { Terminal } from './terminal.js';
import { disagreements, plainTestimony } from './verdict.js';

const startedAt = performance.now();
const options = readOptions(process.argv);
const terminal = new Terminal(process.stdout);
const interrupt = interruptSignal();
try {
  process.exitCode = await runDemo(options);
} catch (error) {
  terminal.endProgress();
  console.error(`air-traffic: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error === interrupt.reason ? INTERRUPTED : 1;
}

async function runDemo({ flights: count, json, kill, ...where }: DemoOptions): Promise<number> {
  // First what may be impossible: a file that cannot be written should be known before the flights are sent, not after.
  const { fabric, why } = await chooseFabric(where.fabric, process.env, where.host);
  const jsonFile = json === undefined ? undefined : await open(json, 'w');
  try {
    terminal.line('Bowecho air traffic: one board of all flights, a replica of it on every member', 'title');
    if (why !== undefined) terminal.line(why);
    const plan = killPlan(kill, where.members, fabric);
    const group = await startGroup(count, plan.kills, { ...where, fabric });
    if (plan.why !== undefined) terminal.line(plan.why);
    try {
      const flights = await readRecord(count);
      await showReady(group, flights);
      const fed = await feed(group, flights.count);
      const facts = await compare(group, flights, where.members, fed);
      await show(facts, jsonFile);
      if (facts.disagreements.length > 0) return 1;
      return interrupt.aborted ? INTERRUPTED : 0;
    } finally {
      await group.end();
    }
  } finally {
    await jsonFile?.close();
  }
}

/** How many members, what connects them, and where they listen. */
type Where = Pick<DemoOptions, 'members' | 'host'> & { readonly fabric: FabricName };

async function startGroup(flights: number, kills: number, where: Where): Promise<Group> {
  const { members, fabric } = where;
  if (fabric === 'in-process') {
    terminal.line(
      members === 1 ? 'the member is in this process' : `all ${members} members are in this process`,
    );
    return new OneProcessGroup(members, interrupt);
  }
  const group = await ProcessGroup.start({ ...where, flights, kills, interrupt });
  const connected = fabric.startsWith('libfabric') ? `over ${fabric}` : 'that share memory';
  terminal.line(`members are processes ${connected}: ${group.processes}`);
  return group;
}

async function readRecord(count: number): Promise<Flights> {
  const from = performance.now();
  const flights = await readFlights({ from: 0, to: count }, interrupt);
  const first = flights.dates.reduce((a, b) => Math.min(a, b));
  const last = flights.dates.reduce((a, b) => Math.max(a, b));
  const time = formatSeconds(performance.now() - from);
  terminal.line(
    `read ${formatCount(count)} flights, ${formatMoment(first)} to ${formatMoment(last)}, in ${time}`,
  );
  return flights;
}

async function showReady(group: Group, flights: Flights): Promise<void> {
  const { id, members } = await group.ready(flights);
  const noun = members.length === 1 ? 'member' : 'members';
  const time = formatSeconds(performance.now() - startedAt);
  terminal.line(`${members.length} ${noun} ready after ${time}: view ${id} of ${members.join(', ')}`);
  const senders = members.length === 1 ? 'the member sends' : 'all send their shares at once';
  terminal.line(`${senders}, each with up to ${LANES} calls in flight; Ctrl-C stops`);
}

async function feed(group: Group, count: number): Promise<GroupFed> {
  const from = performance.now();
  const fed = await group.feed({
    onProgress: answered => {
      terminal.progress(() => {
        const rate = (answered * 1000) / (performance.now() - from);
        const percent = ((answered / count) * 100).toFixed(0).padStart(3);
        return `${percent} %  ${formatCount(answered)} flights  ${formatCount(rate)} a second`;
      });
    },
    onNews: sentence => terminal.line(sentence),
  });
  terminal.endProgress();
  if (interrupt.aborted) terminal.line(`stopped after ${formatCount(sentOf(fed))} flights`);
  return fed;
}

async function compare(group: Group, flights: Flights, members: number, fed: GroupFed): Promise<ReportFacts> {
  const { sent, latencies, elapsedMs, usages, losses } = fed;
  const replicas = await group.testify();
  const plain = plainTestimony(plainTotals(flights, sent));
  const commands = sentOf(fed);
  const inFlight = Math.min(commands, LANES * members);
  return {
    replicas,
    plain,
    airports: await readAirports(),
    disagreements: disagreements(replicas, plain),
    losses,
    usages,
    speed: { commands, elapsedMs, members, inFlight, ...percentilesOf(latencies) },
  };
}

function sentOf({ sent }: GroupFed): number {
  return sent.reduce((sum, range) => sum + sizeOf(range), 0);
}

async function show(facts: ReportFacts, jsonFile: FileHandle | undefined): Promise<void> {
  terminal.line('');
  for (const { text, emphasis } of reportOf(facts)) terminal.line(text, emphasis);
  terminal.line(`everything took ${formatSeconds(performance.now() - startedAt)}`);
  const { replicas, plain, losses, usages, speed } = facts;
  const result = {
    agree: facts.disagreements.length === 0,
    disagreements: facts.disagreements,
    losses,
    speed,
    usages,
    replicas,
    plain,
  };
  await jsonFile?.writeFile(`${JSON.stringify(result, undefined, 2)}\n`);
}
