/**
 * Goal: a reference hands each call to its port, once, with what the caller said, and is nothing else: no promise, no
 * proxy, nothing that answers for names that do not exist. Method: a port that writes down what it is given.
 */
import { expect } from 'chai';
import {
  canonicalKey,
  Command,
  definitionOf,
  Query,
  refClassOf,
  Replicated,
} from '../../src/definition/index.js';
import type { CallFace, CallOptions, CallPort, Ref } from '../../src/definition/index.js';
import { thrown } from './thrown.js';

@Replicated({ name: 'counter' })
class Counter {
  @Command() add(by: number, note?: string): number {
    return by + (note?.length ?? 0);
  }
  @Query() read(): number {
    return 0;
  }
  undecorated(): void {}
}

interface Call {
  readonly method: string;
  readonly key: string;
  readonly args: readonly unknown[];
  readonly face: CallFace;
  readonly options: CallOptions | undefined;
}

class RecordingPort implements CallPort {
  readonly calls: Call[] = [];
  readonly invoke: CallPort['invoke'] = ({ definition, method, key, args, face, options }) => {
    expect(definition).to.equal(definitionOf(Counter));
    this.calls.push({ method: method.name, key, args, face, options });
    return face === 'tell' ? undefined : Promise.resolve(7);
  };
}

function counterRef(port: CallPort, key: string): Ref<Counter> {
  return new (refClassOf(definitionOf(Counter)))(port, canonicalKey(key)) as unknown as Ref<Counter>;
}

describe('reference to an actor with undecorated methods', () => {
  const ref = counterRef(new RecordingPort(), 'eu');

  it('says that such a method is not offered, and which are', async () => {
    const error = await ref.undecorated().then(
      () => expect.fail('it was called'),
      (reason: unknown) => reason,
    );
    expect(error).to.deep.include({ code: 'ACTOR_UNKNOWN', didExecute: 'no' });
    expect((error as Error).message).to.equal(
      "counter has no command or query 'undecorated'; it has add, read",
    );
  });

  it('throws where no answer could say so', () => {
    expect(thrown(() => ref.$tell.undecorated()).code).to.equal('ACTOR_UNKNOWN');
  });
});

describe('reference', () => {
  it('hands every call to the port, by face and with options', async () => {
    const port = new RecordingPort();
    const ref = counterRef(port, 'eu');
    const impatient = ref.$with({ timeout: 50 });
    expect(await ref.add(1)).to.equal(7);
    await ref.add(1, 'a');
    await impatient.add(2);
    await impatient.$with({ read: 'local' }).read();
    expect(ref.$tell.add(3)).to.equal(undefined);
    impatient.$tell.add(4);
    await impatient.$all.read();
    const none = undefined;
    expect(port.calls).to.deep.equal([
      { method: 'add', key: 'eu', args: [1], face: 'call', options: none },
      { method: 'add', key: 'eu', args: [1, 'a'], face: 'call', options: none },
      { method: 'add', key: 'eu', args: [2], face: 'call', options: { timeout: 50 } },
      { method: 'read', key: 'eu', args: [], face: 'call', options: { timeout: 50, read: 'local' } },
      { method: 'add', key: 'eu', args: [3], face: 'tell', options: none },
      { method: 'add', key: 'eu', args: [4], face: 'tell', options: { timeout: 50 } },
      { method: 'read', key: 'eu', args: [], face: 'all', options: { timeout: 50 } },
    ]);
  });

  it('can be awaited, printed and turned into JSON without a call', async () => {
    const port = new RecordingPort();
    const ref = counterRef(port, 'eu');
    // As an awaited value: what a `then` of the reference would have answered.
    expect(await Promise.resolve(ref)).to.equal(ref);
    expect('then' in ref).to.equal(false);
    expect('anything' in ref).to.equal(false);
    expect(JSON.stringify(ref)).to.equal('{}');
    expect(ref.$key).to.equal('eu');
    const { inspect } = await import('node:util');
    expect(inspect({ ref })).to.equal('{ ref: Ref<counter>("eu") }');
    expect(port.calls).to.deep.equal([]);
  });

  it('is of one class per definition', () => {
    expect(refClassOf(definitionOf(Counter))).to.equal(refClassOf(definitionOf(Counter)));
  });

  it('refuses bad options where they are given, all at once', () => {
    const ref = counterRef(new RecordingPort(), 'eu');
    const bad = { timeout: 0, signal: {}, read: 'newest', timout: 5 } as unknown as CallOptions;
    const error = thrown(() => ref.$with(bad));
    expect(error.code).to.equal('ARGUMENT_INVALID');
    expect(error.problems).to.deep.equal([
      "it has no option 'timout': did you mean 'timeout'?",
      'timeout must be 1 to 86400000 milliseconds, but is the number 0',
      'signal must be an AbortSignal, but is a plain object',
      "read must be 'linearizable' or 'local', but is the text \"newest\"",
    ]);
  });
});
