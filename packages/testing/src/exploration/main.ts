/**
 * The command behind `npm run explore`: goes through explorations, and says of each what it saw.
 *
 *     node packages/testing/dist/src/exploration/main.js [seconds for each, 60 where left out] [names, all where left out]
 *
 * It exits with 1 where something broke.
 */
import { EXPLORATIONS, describeExploration } from './explorations.js';
import { explore, replayPath } from './explore.js';

const [seconds = '60', ...names] = process.argv.slice(2);
const known = Object.keys(EXPLORATIONS) as (keyof typeof EXPLORATIONS)[];
const wrong = names.filter(name => !known.some(each => each === name));
if (!(Number(seconds) > 0) || wrong.length > 0) {
  console.error(`usage: main.js [seconds] [${known.join(' | ')}]...`);
  process.exitCode = 2;
} else {
  for (const name of names.length > 0 ? known.filter(each => names.includes(each)) : known) {
    const report = explore(EXPLORATIONS[name], { seconds: Number(seconds) });
    console.log(describeExploration(report));
    if (report.violation === undefined) continue;
    replayPath(EXPLORATIONS[name], report.path, line => console.log(line));
    process.exitCode = 1;
  }
}
