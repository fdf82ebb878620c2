/**
 * Doorbell is this process' half of waking: it looks whether something landed, goes to sleep, and is woken.
 *
 * One word of shared memory says how things stand, and a pipe wakes the event loop. The senders' half is
 * native/peer-process.cc. All changes of the word are atomic:
 *
 *     who       from -> to           when                                   what follows
 *     sender    AWAKE  -> LANDED     its bytes are written                  nothing: I am awake and shall look
 *     sender    ASLEEP -> LANDED     its bytes are written                  the sender puts a byte into the pipe
 *     sender    LANDED               its bytes are written                  nothing: another one said so, I have not looked
 *     I, look   any    -> AWAKE      before I read what landed
 *     I, arm    AWAKE  -> ASLEEP     I looked, found nothing, and rest      anything but AWAKE: I may not rest
 *
 * Why no write is slept over:
 *
 *  1. A sender may keep quiet at LANDED. Its bytes come before its load of the word, with a full barrier between them (one
 *     per push); my reading comes after my exchange to AWAKE, with a full barrier between them too. So either I read its
 *     bytes, or my exchange came before its load, and then it did not find LANDED but what I had set. A plain store or load
 *     on either side, without the barrier, loses one wake-up in some thousand.
 *  2. `arm` changes AWAKE to ASLEEP by compare-exchange. A sender that came since my last look has set LANDED, and then
 *     `arm` fails; one that comes later finds ASLEEP.
 *  3. Of many senders that find ASLEEP an exchange lets exactly one see it, and that one writes the byte. If the pipe is
 *     full, bytes are in it, and they wake me as well. If it dies before it wrote the byte, I learn of its death, and that
 *     wakes me.
 *  4. I take bytes out of the pipe before I look at the word. Each byte was written after its sender had set the word. So
 *     when I still find ASLEEP, those bytes were rings for an earlier sleep, and I may go on sleeping.
 */
import type { NativeAddon, NativeDoorbell } from '../native.js';

const AWAKE = 0;
const LANDED = 1;
const ASLEEP = 2;

export class Doorbell {
  readonly native: NativeDoorbell;
  private word: Int32Array;

  /**
   * @param onRing called after something landed while this slept; perhaps once more later, where several rang
   * @throws SystemRefusal
   */
  constructor(addon: NativeAddon, onRing: () => void) {
    this.native = new addon.Doorbell();
    this.word = new Int32Array(this.native.state);
    this.native.onRing = () => {
      if (Atomics.load(this.word, 0) !== ASLEEP) onRing();
    };
  }

  /** 1 if something landed since the last look, else 0. Whoever looks is awake. */
  look(): number {
    if (Atomics.load(this.word, 0) === AWAKE) return 0;
    const found = Atomics.exchange(this.word, 0, AWAKE);
    // On ARM64 an exchange alone is no full barrier: what is read later may be read before its store is seen. A
    // sequentially consistent load after it is not, and nothing is read before that load. On x86 this costs nothing more.
    Atomics.load(this.word, 0);
    return found === LANDED ? 1 : 0;
  }

  /** Goes to sleep. False: something landed already. */
  arm(): boolean {
    return Atomics.compareExchange(this.word, 0, AWAKE, ASLEEP) !== LANDED;
  }

  /** Nobody is called any more. Twice is allowed. */
  close(): void {
    this.word = new Int32Array(1); // who still looks finds nobody's word
    this.native.close();
  }
}
