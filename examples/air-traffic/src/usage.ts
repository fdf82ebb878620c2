/** What a process used while flights were sent. Each process measures itself, and the report shows them side by side. */

export interface Usage {
  /** A member's id, or what else the process is. */
  readonly process: string;
  /** Processor time per time passed: 1 is one core, all the time. */
  readonly cores: number;
  /** Resident memory at the end, bytes; memory that processes share counts at each of them. */
  readonly memoryBytes: number;
}

/** Measures this process from now on. */
export class UsageMeter {
  private readonly startedAt = performance.now();
  private readonly cpuAtStart = process.cpuUsage();

  /** What was used until now, under that name. */
  read(name: string): Usage {
    const { user, system } = process.cpuUsage(this.cpuAtStart);
    const elapsedMicros = (performance.now() - this.startedAt) * 1000;
    return {
      process: name,
      cores: elapsedMicros > 0 ? (user + system) / elapsedMicros : 0,
      memoryBytes: process.memoryUsage.rss(),
    };
  }
}
