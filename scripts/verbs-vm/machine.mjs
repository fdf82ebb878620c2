/**
 * The virtual machine: qemu, with processors emulated by software. Never with KVM: some hosts offer it and then a stock
 * kernel stands still, so emulation is the one way that works everywhere, and speed is not what this is for.
 *
 * It sees all files of this machine, read-only, and one folder to write to. It has no network.
 */
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { endChild, startChild } from './children.mjs';
import { Problem } from './problem.mjs';

const MEMORY_MIB = 2048;
/** How often the shared folder is looked at. */
const LOOK_MS = 50;
const KEPT_CHARS = 20_000;
const KEPT_LINES = 60;

export class Machine {
  #qemu;
  #console = '';
  /** How qemu ended, in words. */
  #ended;

  /**
   * Starts it.
   *
   * @param {object} options
   * @param {import('./kernel.mjs').Kernel} options.kernel
   * @param {string} options.initramfs path of the archive
   * @param {number} options.processors
   * @param {string} options.share path of the folder that it may write to
   */
  constructor({ kernel, initramfs, processors, share }) {
    const image = join(kernel.folder, 'boot', `vmlinuz-${kernel.version}`);
    const args = [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', `${processors}`, '-m', `${MEMORY_MIB}`],
      ...[
        '-nodefaults',
        '-no-user-config',
        '-display',
        'none',
        '-net',
        'none',
        '-serial',
        'stdio',
        '-no-reboot',
      ],
      ...['-kernel', image, '-initrd', initramfs],
      // A panic ends qemu. The emulated processor needs no protection from its own guesses.
      ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off'],
      ...folderShared('host', '/', 'readonly=on,multidevs=remap'),
      ...folderShared('share', share, 'readonly=off'),
    ];
    this.#qemu = startChild('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#qemu.stdout, this.#qemu.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.#console = (this.#console + text).slice(-KEPT_CHARS);
      });
    }
    this.#qemu.on('error', error => (this.#ended = `could not be started: ${error.message}`));
    this.#qemu.on(
      'close',
      (status, signal) => (this.#ended ??= `ended with ${signal ?? `status ${status}`}`),
    );
  }

  /**
   * @template T
   * @param {() => T | undefined} look asked often
   * @param {number} longestMs
   * @returns {Promise<T>} its first answer that is not undefined
   * @throws Problem if the machine ends without an answer, or there is none in time
   */
  until(look, longestMs = Infinity) {
    const start = Date.now();
    return new Promise((resolve, reject) => {
      const interval = setInterval(() => {
        // Asked before the look: what the machine did before its end then counts.
        const ended = this.#ended;
        const answer = look();
        if (answer === undefined && ended === undefined && Date.now() - start < longestMs) return;
        clearInterval(interval);
        if (answer !== undefined) resolve(answer);
        else if (ended !== undefined) reject(new Problem(`qemu ${ended} before it was done`));
        else reject(new Problem(`it took more than ${longestMs / 1000} s`));
      }, LOOK_MS);
    });
  }

  /** The last lines of the console, and of qemu itself. */
  lastLines() {
    const lines = this.#console.replaceAll('\r', '').trim().split('\n');
    return lines.slice(-KEPT_LINES).join('\n');
  }

  /** Ends it at once, and resolves when it has ended. */
  end() {
    endChild(this.#qemu);
    return new Promise(resolve => {
      if (this.#ended !== undefined) resolve();
      else this.#qemu.once('close', resolve);
    });
  }
}

function folderShared(tag, path, options) {
  const escaped = path.replaceAll(',', ',,');
  return [
    ...['-fsdev', `local,id=${tag},path=${escaped},security_model=none,${options}`],
    ...['-device', `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`],
  ];
}
