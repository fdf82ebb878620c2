/**
 * What to install or to set so that more, or faster, fabrics can be used: pure, from what a survey found. Where the addon or
 * libfabric is missing, the reason itself says what to do, and is not said again.
 */
import type { RdmaPort } from './devices.js';
import type { FabricFacts } from './survey.js';

/** Less than this cannot hold the tables and rings of a small group. */
const LEAST_BYTES = 64 << 20;
const LEAST_OPEN_FILES = 1024;
/** Node itself reserves more than it uses. */
const LEAST_ADDRESS_BYTES = 4 * 2 ** 30;
const EFA_DRIVER = 'efa';

/** The most helpful first. */
export function advise(facts: FabricFacts): string[] {
  const { addon, libfabric } = facts;
  if ('reason' in addon) return [];
  return [...('reason' in libfabric ? [] : adviseOnHardware(facts)), ...adviseOnLimits(facts)];
}

/** Where the library is there. */
function adviseOnHardware({ host, ports, providers }: FabricFacts): string[] {
  const rdma = providers.filter(({ provider }) => provider.startsWith('verbs') || provider === 'efa');
  if (ports.length === 0 && rdma.length === 0) {
    return [
      'There is no RDMA device, so members on several machines talk by TCP. verbs is tried without one by soft-RoCE: ' +
        '`modprobe rdma_rxe`, then `rdma link add rxe0 type rxe netdev eth0` (iproute2).',
    ];
  }
  const advice = ports.filter(({ state }) => state !== 'ACTIVE').map(adviseOnPort);
  const active = ports.filter(({ state }) => state === 'ACTIVE');
  for (const device of new Set(active.map(port => port.device))) {
    const problem = active.find(port => port.device === device)?.problem;
    if (problem !== undefined) advice.push(`${device} cannot be used: ${problem}.`);
  }
  const ready = active.filter(({ problem }) => problem === undefined);
  const [cards, adapters] = [ready.filter(port => !isEfa(port)), ready.filter(isEfa)];
  if (cards.length > 0 && !rdma.some(({ provider }) => provider.startsWith('verbs'))) {
    advice.push(
      `libfabric does not see ${namesOf(cards)}: install the drivers of user space (ibverbs-providers on Debian and Ubuntu, ` +
        'libibverbs on Fedora and RHEL), and give its network interface an IP address.',
    );
  }
  if (adapters.length > 0 && !rdma.some(({ provider }) => provider === 'efa')) {
    advice.push(
      `libfabric does not see ${namesOf(adapters)}: install the drivers of user space (ibverbs-providers on Debian and Ubuntu), ` +
        "and a libfabric with the provider efa (AWS's EFA installer has one).",
    );
  }
  const addressed = rdma.filter(({ address }) => address !== '');
  if (addressed.length > 0 && !addressed.some(({ address }) => address === host)) {
    const [{ address }] = addressed as [(typeof addressed)[0]];
    const places = [...new Set(addressed.map(one => `${one.address} (${one.domain})`))];
    advice.push(
      `RDMA is at ${places.join(', ')} and not at ${host}: let members listen there, and look at it with ` +
        `\`bowecho doctor --host ${address}\`.`,
    );
  }
  return advice;
}

function adviseOnPort({ device, port, state, interface: netInterface }: RdmaPort): string {
  const where = netInterface === undefined ? 'its interface' : `its interface ${netInterface}`;
  return `Port ${port} of ${device} is ${state}: look at its cable, its switch and ${where}.`;
}

function adviseOnLimits({ limits, ports }: FabricFacts): string[] {
  const advice: string[] = [];
  if (limits === undefined) return advice;
  const { memlockBytes, openFiles, fileBytes, addressBytes } = limits;
  if (ports.length > 0 && memlockBytes < LEAST_BYTES) {
    advice.push(
      `This process may hold ${memlockBytes} bytes in place for network cards, and on verbs and efa all tables and rings are: ` +
        '`ulimit -l unlimited` (LimitMEMLOCK=infinity of a service, --ulimit memlock=-1 of a container).',
    );
  }
  if (openFiles < LEAST_OPEN_FILES) {
    advice.push(`This process may open ${openFiles} files: \`ulimit -n 4096\` is plenty.`);
  }
  if (fileBytes < LEAST_BYTES) {
    advice.push(
      `Files are limited to ${fileBytes} bytes, and shared memory counts as one: \`ulimit -f unlimited\`.`,
    );
  }
  if (addressBytes < LEAST_ADDRESS_BYTES) {
    advice.push(`The address space is limited to ${addressBytes} bytes: \`ulimit -v unlimited\`.`);
  }
  return advice;
}

function isEfa({ driver }: RdmaPort): boolean {
  return driver === EFA_DRIVER;
}

function namesOf(ports: readonly RdmaPort[]): string {
  return [...new Set(ports.map(({ device }) => device))].join(', ');
}
