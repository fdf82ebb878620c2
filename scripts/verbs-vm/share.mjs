/**
 * The folder by which this machine and the virtual one speak. It holds guest.sh and the command for there, and gets from there
 * `ready` when verbs are up, `output` as the command writes it, and `status` at its end.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Buffer } from 'node:buffer';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const GUEST = fileURLToPath(new URL('guest.sh', import.meta.url));
/** What of our environment the command gets. */
const PASSED = /^(HOME|LANG|CI|NO_COLOR|FORCE_COLOR|NODE_OPTIONS|(BOWECHO|FI|IBV|RDMAV)_.*)$/;
const CHUNK_BYTES = 65536;

export class Share {
  /** Its path here. */
  folder = mkdtempSync(join(tmpdir(), 'bowecho-verbs-vm-'));
  #buffer = Buffer.alloc(CHUNK_BYTES);
  #passedBytes = 0;

  /**
   * @param {string} cwd where the command is to run
   * @param {readonly string[]} command
   */
  constructor(cwd, command) {
    process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }));
    copyFileSync(GUEST, join(this.folder, 'guest.sh'));
    writeFileSync(join(this.folder, 'command.sh'), script(cwd, command));
  }

  /** When what was there, in words; undefined until verbs are up. */
  times() {
    return this.#read('ready');
  }

  /** The exit status of the command; undefined until it ended. */
  status() {
    const status = this.#read('status');
    return status === undefined ? undefined : Number(status);
  }

  /** All that the command wrote. */
  output() {
    return this.#read('output') ?? '';
  }

  /** Writes what the command wrote since the last time to our standard output. */
  passOutput() {
    const path = join(this.folder, 'output');
    if (!existsSync(path)) return;
    const file = openSync(path);
    try {
      for (;;) {
        const bytes = readSync(file, this.#buffer, 0, CHUNK_BYTES, this.#passedBytes);
        if (bytes === 0) return;
        this.#passedBytes += bytes;
        // A copy, for it may be written after the buffer is used again.
        process.stdout.write(Buffer.from(this.#buffer.subarray(0, bytes)));
      }
    } finally {
      closeSync(file);
    }
  }

  #read(name) {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : undefined;
  }
}

/** For bash. The command finds the node that runs this. */
function script(cwd, command) {
  const variables = Object.entries(process.env).filter(([name]) => PASSED.test(name));
  const path = `${dirname(process.execPath)}:${process.env.PATH}:/usr/sbin:/sbin`;
  const lines = [['PATH', path], ...variables].map(([name, value]) => `export ${name}=${quoted(value)}`);
  const noFolder = `the virtual machine does not see the folder ${cwd}`;
  lines.push(`cd ${quoted(cwd)} || { echo ${quoted(noFolder)}; exit 1; }`);
  return `${lines.join('\n')}\nexec ${command.map(quoted).join(' ')}\n`;
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
