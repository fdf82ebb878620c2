/**
 * The environment says who a member is where the program does not: so one program, unchanged, runs as every member of a
 * group. `bowecho run` sets these variables, and so can a service manager or a container platform.
 *
 * What the program says goes before. Who the member is counts as one thing: a program that gives any of `id`, `listen`,
 * `advertise` and `seeds` gets none of the four from outside, because halves of two answers make no member. How members
 * trust each other is one thing, too: a program that says `tls` or `insecure` gets no secret from outside.
 */
import type { ClusterConfig } from './cluster-config.js';

/** The variables that say who the member is, and the options that they stand for. */
const WHO = {
  BOWECHO_ID: 'id',
  BOWECHO_LISTEN: 'listen',
  BOWECHO_ADVERTISE: 'advertise',
  BOWECHO_SEEDS: 'seeds',
} as const;

/** All variables that are looked at. */
export const ENVIRONMENT = {
  ...WHO,
  BOWECHO_FABRIC: 'fabric',
  BOWECHO_SECRET: 'secret',
} as const satisfies Record<string, keyof ClusterConfig>;

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `config` with what it leaves out and the environment says. Nothing is checked here; an empty variable says nothing. */
export function withEnvironment(config: ClusterConfig, environment: Environment): ClusterConfig {
  const filled: Record<string, unknown> = { ...config };
  const saysTrust = config.tls !== undefined || config.insecure === true;
  const saysWho = Object.values(WHO).some(option => filled[option] !== undefined);
  for (const [variable, option] of Object.entries(ENVIRONMENT)) {
    const value = environment[variable];
    if (value === undefined || value === '' || filled[option] !== undefined) continue;
    if (saysWho && variable in WHO) continue;
    if (option === 'secret' && saysTrust) continue;
    filled[option] = option === 'seeds' ? value.split(',').map(seed => seed.trim()) : value;
  }
  return filled as unknown as ClusterConfig;
}
