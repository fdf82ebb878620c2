/**
 * Goal: the table of defaults and limits that users read is the one that the code uses. Method: both are brought into
 * the same rows and compared; the options of the first table are compared with what `resolveConfig` knows.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { DEFAULTS, FABRICS, LIMITS, resolveConfig } from '../../src/config/index.js';
import type { ClusterConfig, Range } from '../../src/config/index.js';
import { thrown } from '../definition/thrown.js';

const doc = readFileSync(new URL('../../../../../docs/configuration.md', import.meta.url), 'utf8');

/** The cells of the table whose first heading is `heading`, without the heading. */
function tableOf(heading: string): string[][] {
  const lines = doc.split('\n');
  const start = lines.findIndex(line => line.startsWith(`| ${heading} `));
  expect(start, `a table of ${heading}`).to.be.at.least(0);
  const length = lines.slice(start).findIndex(line => !line.startsWith('|'));
  return lines.slice(start + 2, start + length).map(line => {
    return line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('`', ''));
  });
}

describe('docs/configuration.md', () => {
  it('has the defaults and limits of the code, all of them', () => {
    const defaults: Readonly<Record<string, number>> = DEFAULTS;
    const ranges: [string, Range][] = Object.entries(LIMITS);
    const inCode = ranges.map(([name, { min, max }]) => [
      name,
      String(defaults[name] ?? '-'),
      String(min),
      String(max),
    ]);
    const inDoc = tableOf('name').map(([name, , ...numbers]) => [name, ...numbers]);
    expect(inDoc).to.have.deep.members(inCode);
    expect(Object.keys(LIMITS)).to.include.members(Object.keys(DEFAULTS));
  });

  it('has the fabrics of the code, all of them', () => {
    expect(tableOf('fabric').map(([name]) => name)).to.have.members([...FABRICS]);
  });

  it('has the options that resolveConfig knows, all of them', () => {
    const config = { nonsense: 1 } as unknown as ClusterConfig;
    const sentence = thrown(() => resolveConfig(config)).problems[0]!;
    const known = sentence.slice(sentence.indexOf('known are ') + 'known are '.length).split(', ');
    expect(tableOf('option').map(([name]) => name)).to.have.members(known);
  });
});
