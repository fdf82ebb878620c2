/**
 * What the doctor found as lines for people, at most `WIDTH` characters wide (hanging-lines.ts): pure, so that a test
 * shows whole reports. The same in parts, because a probe takes a while and its line should come when it is done.
 */
import { hang } from '../hanging-lines.js';
import type { Finding, Limits, ProbeResult, Provider, RdmaPort, Survey } from './rdma-package.js';

/** The machine, in words. */
export interface Machine {
  readonly version: string;
  readonly node: string;
  /** `Linux 6.1.0 x64`. */
  readonly system: string;
  readonly cores: number;
}

/** Where it was looked. */
export interface Place {
  readonly host: string;
  /** Why there, if nobody said so. */
  readonly why: string | undefined;
}

const INDENT = '  ';
const LABEL_WIDTH = 12;
const NAME_WIDTH = 17;
const STATE_WIDTH = 8;
const UNLIMITED = 'unlimited';

/** What there is: the first part of the report. `survey` has a reason where there is no package to ask. */
export function machineLines(machine: Machine, place: Place, survey: Finding<Survey>): string[] {
  const { version, node, system, cores } = machine;
  const why = place.why === undefined ? '' : ` (${place.why}; --host names another)`;
  const lines = [
    `bowecho ${version}, Node ${node}, ${system}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    '',
    ...field('address', [`${place.host}${why}`]),
  ];
  if ('reason' in survey) return [...lines, ...field('package', [survey.reason])];
  const { addon, libfabric, providers, ports, limits } = survey;
  const needsAddon = 'reason' in addon;
  const library =
    'version' in libfabric ? libfabric.version : needsAddon ? 'needs the addon' : libfabric.reason;
  return [
    ...lines,
    ...field('addon', [needsAddon ? addon.reason : 'loaded']),
    ...field('libfabric', [library]),
    ...field('providers', providerLines(providers)),
    ...field('RDMA ports', portLines(ports)),
    ...field('limits', limits === undefined ? ['the system does not say'] : [describeLimits(limits)]),
  ];
}

/** Each fabric, usable or why not. What all of them lack is said once, above. */
export function fabricLines({ host, addon, libfabric, fabrics }: Survey): string[] {
  const lines = fabrics.map(({ name, reason, choice = '' }) => {
    if (reason === undefined) return fabricLine(name, 'usable', choice);
    if ('reason' in addon) return fabricLine(name, 'no', 'needs the addon');
    if ('reason' in libfabric && reason === libfabric.reason)
      return fabricLine(name, 'no', 'needs libfabric');
    return fabricLine(name, 'no', reason);
  });
  return ['', `Fabrics at ${host}`, ...lines.flat()];
}

export function probeHead(): string[] {
  return ['', 'Tried between two processes of this machine: 8 bytes there and back, blocks of 1 MiB one way'];
}

/** The line of one probe, or more where it failed. */
export function probeLines(name: string, outcome: Finding<ProbeResult>): string[] {
  if ('reason' in outcome) return fabricLine(name, 'failed', outcome.reason);
  const { p50, p99 } = outcome.roundTripMicros;
  const trip = `p50 ${formatMicros(p50)}  p99 ${formatMicros(p99)}`;
  return fabricLine(name, 'works', `${trip}   ${formatRate(outcome.bytesPerSecond)}`);
}

export function adviceLines(advice: readonly string[]): string[] {
  if (advice.length === 0) return [];
  return ['', 'To get more', ...advice.flatMap(sentence => hang(`${INDENT}- `, sentence))];
}

/**
 * What all of it comes to, where that is nothing.
 *
 * @param asked the fabrics that were asked about; undefined for all
 */
export function verdictLines(isUsable: boolean, asked: readonly string[] | undefined): string[] {
  if (isUsable) return [];
  if (asked !== undefined) return ['', `Cannot be used here: ${asked.join(', ')}.`];
  return ['', 'No fabric between processes can be used here; members can live in one process (in-process).'];
}

function field(label: string, texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => hang((i === 0 ? label : '').padEnd(LABEL_WIDTH), text));
}

function fabricLine(name: string, state: string, text: string): string[] {
  return hang(`${INDENT}${name.padEnd(NAME_WIDTH)}${state.padEnd(STATE_WIDTH)}`, text);
}

/** A line for each interface of a provider, with its addresses. */
function providerLines(providers: readonly Provider[]): string[] {
  if (providers.length === 0) return ['none that can be used'];
  const width = (texts: string[]): number => Math.max(...texts.map(text => text.length)) + INDENT.length;
  const names = width(providers.map(({ provider }) => provider));
  const domains = width(providers.map(({ domain }) => domain));
  const addresses = new Map<string, string[]>();
  for (const { provider, domain, address } of providers) {
    const at = provider.padEnd(names) + domain.padEnd(domains);
    addresses.set(at, [...(addresses.get(at) ?? []), ...(address === '' ? [] : [address])]);
  }
  return [...addresses].map(([at, list]) => `${at}${list.join('  ')}`);
}

function portLines(ports: readonly RdmaPort[]): string[] {
  if (ports.length === 0) return ['none'];
  return ports.map(({ device, port, state, link, rate, interface: netInterface }) => {
    const where = netInterface === undefined ? '' : `, interface ${netInterface}`;
    return `${device}/${port} ${state}, ${link}, ${rate}${where}`;
  });
}

function describeLimits({ memlockBytes, openFiles, fileBytes, addressBytes }: Limits): string {
  const limits = [
    `locked memory ${formatBytes(memlockBytes)} (ulimit -l)`,
    `open files ${Number.isFinite(openFiles) ? openFiles : UNLIMITED} (-n)`,
  ];
  if (Number.isFinite(fileBytes)) limits.push(`file size ${formatBytes(fileBytes)} (-f)`);
  if (Number.isFinite(addressBytes)) limits.push(`address space ${formatBytes(addressBytes)} (-v)`);
  return limits.join(', ');
}

function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return UNLIMITED;
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** step).toFixed(1))} ${units[step]}`;
}

/** Nine characters, three digits of them mean something. */
function formatMicros(micros: number): string {
  const isLong = micros >= 1000;
  const value = isLong ? micros / 1000 : micros;
  return `${value.toFixed(value < 100 ? 1 : 0).padStart(5)} ${isLong ? 'ms' : 'us'}`;
}

function formatRate(bytesPerSecond: number): string {
  const isFast = bytesPerSecond >= 1e9;
  const value = bytesPerSecond / (isFast ? 1e9 : 1e6);
  return `${value.toFixed(isFast ? 1 : 0).padStart(5)} ${isFast ? 'GB/s' : 'MB/s'}`;
}
