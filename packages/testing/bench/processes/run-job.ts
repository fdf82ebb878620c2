/**
 * runJob has every member of a local cluster run one program, gives each of them the same job, and collects what each
 * measured. Members that need to talk before they share memory send each other values through here.
 */
import { LocalCluster } from '@bowecho/actors/local';
import { fileURLToPath } from 'node:url';
import type { FromMember, Job, ToMember } from './job.js';

/** Runs `program` (a file beside this one) on so many members; returns what they report, in the order of the members. */
export async function runJob<Report>(program: string, members: number, job: Job): Promise<Report[]> {
  const reports = new Map<string, Report>();
  const lines: string[] = [];
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  const reported = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  await using cluster = await LocalCluster.start({
    file: fileURLToPath(new URL(`${program}.js`, import.meta.url)),
    members,
    args: [JSON.stringify(job)],
    onLine: (member, { text }) => void lines.push(`${member.id}: ${text}`),
    onMessage: (member, value) => {
      const message = value as FromMember;
      if (message.kind === 'report') {
        reports.set(member.id, message.report as Report);
        if (reports.size === members) settle!.resolve();
        return;
      }
      const relayed: ToMember = { kind: 'relayed', from: member.id, value: message.value };
      for (const other of cluster.members) if (other !== member) void other.send(relayed);
    },
    onEnd: (member, { status, signal }) => {
      const how = signal ?? `status ${status}`;
      settle!.reject(new Error(`${program}: ${member.id} ended early (${how})\n${lines.join('\n')}`));
    },
  });
  await reported;
  return cluster.members.map(({ id }) => reports.get(id)!);
}
