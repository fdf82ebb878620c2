/**
 * The packages that the virtual machine needs on this one: qemu, what builds its initramfs, and, since it uses the programs
 * of this machine, what they need for verbs.
 */
import { installNow, missingPackages, whyNoInstallation } from './apt.mjs';
import { Problem } from './problem.mjs';

const QEMU = 'qemu-system-x86';
const OTHERS = ['cpio', 'kmod', 'iproute2', 'ibverbs-providers', 'libfabric1'];

/**
 * Installs what is missing.
 *
 * @returns {Promise<string | undefined>} why qemu cannot be installed, if so
 * @throws Problem if qemu is there, or can be, and another package cannot be installed
 */
export async function installPackages() {
  const kind = `${process.platform}-${process.arch}`;
  if (kind !== 'linux-x64') return `the virtual machine runs programs of linux-x64, and these are of ${kind}`;
  const missing = await missingPackages([QEMU, ...OTHERS]);
  if (missing.length === 0) return undefined;
  const why = whyNoInstallation();
  if (why !== undefined) {
    const sentence = `${why}; missing: apt-get install --no-install-recommends ${missing.join(' ')}`;
    if (missing.includes(QEMU)) return sentence;
    throw new Problem(sentence);
  }
  if (missing.includes(QEMU)) {
    // Alone, so that it is known whether it is qemu that cannot be had.
    try {
      await installNow([QEMU]);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return error.message.replaceAll('\n', '; ');
    }
  }
  const others = missing.filter(each => each !== QEMU);
  if (others.length > 0) await installNow(others);
  return undefined;
}
