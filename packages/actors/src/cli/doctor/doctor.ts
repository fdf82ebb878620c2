/**
 * `bowecho doctor`: what this machine has to connect processes by, whether and how fast it works, and what would give more. It
 * looks at one address of the machine, and changes nothing.
 *
 * The processes that try a fabric end with it, however it ends: it is asked to stop, killed, or nobody reads its output.
 */
import { availableParallelism, arch, release, type } from 'node:os';
import { fabricNameProblem, FABRICS } from '../../config/fabric-names.js';
import { hostProblem, outwardHost } from '../local/local-host.js';
import { statusOfSignal } from '../exit-status.js';
import { StopSignals, type StopSignal } from '../stop-signals.js';
import { version } from '../version.js';
import type { DoctorOptions } from './doctor-options.js';
import { loadRdma, type Finding, type ProbeResult, type RdmaPackage, type Survey } from './rdma-package.js';
import {
  adviceLines,
  fabricLines,
  machineLines,
  probeHead,
  probeLines,
  verdictLines,
  type Machine,
  type Place,
} from './report.js';

const WRONG = 1;
const OPTION = '--fabric';

/** Looks, says what it found, and resolves with the exit status. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const problem = problemOf(options);
  if (problem !== undefined) {
    console.error(`bowecho doctor: ${problem}`);
    return WRONG;
  }
  return new Doctor(options).look();
}

/** What is wrong with what it was told. */
function problemOf({ host, fabric = [] }: DoctorOptions): string | undefined {
  for (const name of fabric) {
    const problem = fabricNameProblem(OPTION, name);
    if (problem !== undefined) return problem;
    if (name === 'in-process') {
      const others = FABRICS.filter(each => each !== name).join(', ');
      return `the fabric 'in-process' needs nothing of a machine; ${OPTION} can name ${others}`;
    }
  }
  return host === undefined ? undefined : hostProblem('--host', host);
}

/** By name. */
type Outcomes = ReadonlyMap<string, Finding<ProbeResult>>;

class Doctor {
  private readonly place: Place;
  private readonly stopping = new AbortController();
  private stoppedBy: StopSignal | 'SIGPIPE' | undefined;

  constructor(private readonly options: DoctorOptions) {
    const { host } = options;
    const { address, why } = host === undefined ? outwardHost() : { address: host, why: undefined };
    this.place = { host: address, why };
  }

  async look(): Promise<number> {
    const signals = new StopSignals(
      process,
      signal => this.stop(signal),
      () => undefined, // what is killed at once cannot be hurried
    );
    process.stdout.on('error', () => this.stop('SIGPIPE'));
    try {
      const isUsable = await this.findOut();
      if (this.stoppedBy !== undefined) return statusOfSignal(this.stoppedBy);
      return isUsable ? 0 : WRONG;
    } finally {
      signals.stopListening();
    }
  }

  /** Whether something can be used. */
  private async findOut(): Promise<boolean> {
    const rdma = await loadRdma();
    if ('reason' in rdma) {
      this.say(machineLines(machine(), this.place, rdma));
      this.conclude(rdma, undefined, false);
      return false;
    }
    const survey = this.chosenOf(rdma.surveyFabrics({ host: this.place.host }));
    this.say(machineLines(machine(), this.place, survey));
    this.say(fabricLines(survey));
    const outcomes = await this.probe(rdma, survey);
    const isUsable = isSomethingUsable(survey, outcomes);
    if (this.stoppedBy === undefined) this.conclude(survey, outcomes, isUsable);
    return isUsable;
  }

  /** Only the fabrics that were asked about, if any were. */
  private chosenOf(survey: Survey): Survey {
    const { fabric } = this.options;
    if (fabric === undefined) return survey;
    return { ...survey, fabrics: survey.fabrics.filter(({ name }) => fabric.includes(name)) };
  }

  /** Undefined where nothing was to be tried. */
  private async probe(rdma: RdmaPackage, { host, fabrics }: Survey): Promise<Outcomes | undefined> {
    const { probe, fabric, seconds } = this.options;
    const names = fabrics
      .filter(({ reason, choice }) => reason === undefined && (choice === undefined || fabric !== undefined))
      .map(({ name }) => name);
    if (!probe || names.length === 0) return undefined;
    this.say(probeHead());
    const { signal } = this.stopping;
    const outcomes = new Map<string, Finding<ProbeResult>>();
    for (const name of names) {
      const outcome = await this.tryOne(() => rdma.probeFabric(name, { host, seconds, signal }));
      if (signal.aborted) break;
      outcomes.set(name, outcome);
      this.say(probeLines(name, outcome));
    }
    return outcomes;
  }

  private async tryOne(attempt: () => Promise<ProbeResult>): Promise<Finding<ProbeResult>> {
    try {
      return await attempt();
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }

  private stop(by: StopSignal | 'SIGPIPE'): void {
    this.stoppedBy ??= by;
    this.stopping.abort();
  }

  private conclude(survey: Finding<Survey>, outcomes: Outcomes | undefined, isUsable: boolean): void {
    if ('advice' in survey) this.say(adviceLines(survey.advice));
    this.say(verdictLines(isUsable, this.options.fabric));
    if (this.options.json) this.sayJson(survey, outcomes, isUsable);
  }

  private say(lines: readonly string[]): void {
    if (!this.options.json && lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  }

  private sayJson(survey: Finding<Survey>, outcomes: Outcomes | undefined, isUsable: boolean): void {
    const probes = outcomes && [...outcomes].map(([fabric, outcome]) => ({ fabric, ...outcome }));
    const all = { ...machine(), host: this.place.host, isUsable, ...survey, probes };
    const text = JSON.stringify(all, (_, value: unknown) => (value === Infinity ? 'unlimited' : value), 2);
    process.stdout.write(`${text}\n`);
  }
}

function isSomethingUsable({ fabrics }: Survey, outcomes: Outcomes | undefined): boolean {
  if (outcomes === undefined) return fabrics.some(({ reason }) => reason === undefined);
  return [...outcomes.values()].some(outcome => !('reason' in outcome));
}

function machine(): Machine {
  return {
    version: version(),
    node: process.versions.node,
    system: `${type()} ${release()} ${arch()}`,
    cores: availableParallelism(),
  };
}
