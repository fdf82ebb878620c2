/** Numbers, times and moments as people read them. */

/** Whole numbers with commas. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Milliseconds as seconds. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function formatMillis(micros: number): string {
  return `${(micros / 1000).toFixed(1)} ms`;
}

export function formatShare(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`;
}

/** `2001-03-24 21:10` */
export function formatMoment(date: number): string {
  return new Date(date).toISOString().slice(0, 16).replace('T', ' ');
}

export function formatDelay(minutes: number): string {
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2)} min`;
}
