/**
 * Goal: a user whose loader drops decorator metadata (tsx, esbuild) hears so. Method: a real actor file, compiled by the
 * real compiler as such loaders do, one file at a time without `emitDecoratorMetadata`, and loaded.
 */
import { BowechoError } from '@bowecho/core';
import { definitionOf } from '@bowecho/actors';
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const SOURCE = `
import { Command, Replicated } from '@bowecho/actors';
@Replicated({ name: 'loaded' })
export class Loaded {
  private value = 0;
  @Command() add(by: number): number { return (this.value += by); }
}
`;

/** Inside the repository, so that the loaded file finds the packages. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

async function load(options: ts.CompilerOptions): Promise<new () => object> {
  const folder = mkdtempSync(join(HERE, 'loaded-'));
  try {
    const { outputText } = ts.transpileModule(SOURCE, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, ...options },
    });
    const file = join(folder, 'loaded.mjs');
    writeFileSync(file, outputText);
    const module = (await import(pathToFileURL(file).href)) as { Loaded: new () => object };
    return module.Loaded;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('an actor file', () => {
  it('compiled without metadata is refused, with the cause and the two ways out', async () => {
    const Loaded = await load({ experimentalDecorators: true });
    expect(() => definitionOf(Loaded))
      .to.throw(BowechoError)
      .with.property('code', 'METADATA_MISSING');
    expect(() => definitionOf(Loaded)).to.throw(/loader[^]*tsc[^]*args/);
  });

  it('compiled with metadata is an actor', async () => {
    const Loaded = await load({ experimentalDecorators: true, emitDecoratorMetadata: true });
    expect(
      definitionOf(Loaded)
        .method('add')
        .parameters?.checks.map(check => check.description),
    ).to.deep.equal(['a number']);
  });

  it('compiled to standard decorators is an actor whose arguments are not checked by type', async () => {
    const Loaded = await load({});
    expect(definitionOf(Loaded).method('add').parameters).to.equal(undefined);
  });
});
