/** Goal: lost-writes.test.ts would find an addon that goes on over a new connection. */
import { expect } from 'chai';
import { plantInAddon } from '../planted-addon.js';
import { runScript } from '../script.js';
import { describeLibfabric } from './describe-libfabric.js';
import type { Break, BreakEnd } from './broken-link.js';

const BROKEN_LINK = new URL('./broken-link.js', import.meta.url).href;

/** The first pushes are lost, and the next ones go by a new connection. */
const BREAK: Break = { bytes: 100, pushes: 5, arrive: 30, isNoticed: true, pauseAfter: 10_000 };

describeLibfabric('a TCP connection that breaks under load', () => {
  it('would be continued, and lost bytes be believed, if the writer did not look at what is refused', async () => {
    const env = await plantInAddon({
      name: 'goes-on-after-a-break',
      file: 'libfabric/remote-endpoint.cc',
      line: 'return result == -FI_EAGAIN && endpoint_.isStream() && wasConnected_ && underWay_ == 0;',
      instead: 'return result > 0;',
    });
    const { said, errors } = runScript(
      `import { breakLink } from ${JSON.stringify(BROKEN_LINK)};
       say(await breakLink(${JSON.stringify(BREAK)}));`,
      { env },
    );
    expect(said, errors).to.have.lengthOf(1);
    expect((said[0] as BreakEnd).found).to.match(
      /^push \d+ vouches for \d+ bytes of ring 0, and byte 100 is 0$/,
    );
  });
});
