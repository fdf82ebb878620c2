/** The last line of a soak: what was done to the members, and what came of it. */
import type { SoakReport } from './soak.js';

export function soakLine(report: SoakReport): string {
  const { problems, staleOfLeftOut, shortPauses, longPauses } = report;
  const others = Object.entries(problems).filter(
    ([kind, count]) => count > 0 && !['lost', 'doubled', 'stale'].includes(kind),
  );
  return [
    `kills ${report.kills}`,
    `pauses ${shortPauses + longPauses} (${longPauses} beyond the suspicion time)`,
    `cuts ${report.cuts}`,
    `views ${report.views}`,
    `commands acknowledged ${report.acknowledged.toLocaleString('en')}`,
    `lost ${problems.lost}`,
    `doubled ${problems.doubled}`,
    `stale reads ${problems.stale} of ${report.reads.toLocaleString('en')} (${staleOfLeftOut} by members that had been left out)`,
    ...others.map(([kind, count]) => `${kind} ${count}`),
    `left out without cause ${report.leftOutWithoutCause}`,
    `troubles ${report.troubles}`,
    `new view after a kill ${timesText(report.afterKill)}`,
    `after silence ${timesText(report.afterSilence)}`,
  ].join(', ');
}

/** Of milliseconds, in any order. */
function timesText(times: readonly number[]): string {
  if (times.length === 0) return 'none';
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toFixed(0);
  return `p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)} ms`;
}
