/** `auxilio/signature` as others use it: the README's example, and the build that browsers load. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { type OutputChunk, type OutputOptions, rolldown } from 'rolldown';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  defaultRules,
  defineSignatureRule,
  parseLists,
  SignatureGenerator,
} from '../../src/signature/index.ts';
import { stack } from './stack.ts';

const root = join(import.meta.dirname, '../..');
const entries = {
  node: join(root, 'src/signature/index.ts'),
  browser: join(root, 'src/signature/browser.ts'),
};

describe('the example of the README', () => {
  it('prints what its comments say', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, code = ''] =
      /```ts\n(import \{[^`]*from 'auxilio\/signature';[^`]*(?:`[^`]+`[^`]*)*?)```/.exec(readme) ?? [];
    // In the clone, so that types are stripped; beside the tests, which nothing is installed for.
    const folder = await mkdtemp(join(import.meta.dirname, '.readme-'));
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      const file = join(folder, 'example.ts');
      await writeFile(
        file,
        code.replace("'auxilio/signature'", JSON.stringify(pathToFileURL(entries.node).href)),
      );
      await import(/* @vite-ignore */ pathToFileURL(file).href);
      const printed = log.mock.calls.map(([text]) => String(text));
      const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
      expect(expected).toEqual(['abort | Cart::add', 'frame by frame, by which line', 'cart.add']);
      expect([printed[0], printed[2]]).toEqual([expected[0], expected[2]]);
      expect(printed[1]).toContain('by irrelevant_signature_re.txt:2  raise$  (bug 1205)');
    } finally {
      log.mockRestore();
      await rm(folder, { recursive: true });
    }
  });
});

describe('the build for browsers', () => {
  let chunks: readonly OutputChunk[];
  const imported: string[] = [];

  async function bundle(
    entry: string,
    options: OutputOptions = { format: 'es' },
  ): Promise<readonly OutputChunk[]> {
    imported.length = 0;
    const build = await rolldown({
      input: entry,
      platform: 'browser',
      onLog: () => undefined,
      external: (id) => {
        const isBuiltin = id.startsWith('node:') || builtinModules.includes(id);
        if (isBuiltin) imported.push(id);
        return isBuiltin;
      },
    });
    try {
      const { output } = await build.generate(options);
      return output.filter((part) => part.type === 'chunk');
    } finally {
      await build.close();
    }
  }

  beforeAll(async () => {
    chunks = await bundle(entries.browser);
  }, 60_000);

  it('asks for nothing of Node', () => {
    expect(imported).toEqual([]);
    expect(chunks.flatMap((chunk) => chunk.imports).filter((id) => id.startsWith('node:'))).toEqual([]);
  });

  it('loads the solver only for lines that need it', () => {
    const first = chunks.find((chunk) => chunk.isEntry);
    expect(first?.dynamicImports).toHaveLength(1);
    expect(first?.code.length).toBeLessThan(200_000);
  });

  it('would fail with the entry of Node', async () => {
    await bundle(entries.node);
    expect(imported).toContain('node:fs/promises');
  }, 60_000);

  it('makes signatures where there are only the globals of browsers', async () => {
    const [whole] = await bundle(entries.browser, { format: 'iife', name: 'library', codeSplitting: false });
    const { Blob, TextEncoder, crypto } = globalThis;
    const context = createContext({ Blob, TextEncoder, crypto, Uint8Array });
    runInContext(whole?.code ?? '', context);
    const library = runInContext('library', context) as typeof import('../../src/signature/browser.ts');
    const lists = await library.parseLists({ prefix: 'abort$', irrelevant: 'raise$' });
    const own = new SignatureGenerator({
      lists: await parseLists({ prefix: 'abort$', irrelevant: 'raise$' }),
    });
    const crash = stack('raise\nabort\nfoo(int)');
    const made = new library.SignatureGenerator({ lists }).generate(crash);
    expect(JSON.parse(JSON.stringify(made))).toEqual(JSON.parse(JSON.stringify(own.generate(crash))));
  });
});

describe('lists in a browser', () => {
  it('are refused where Node refuses them', async () => {
    const browser = await import('../../src/signature/browser.ts');
    await expect(browser.parseLists({ prefix: 'ok$\n(a+)+b' }, { folder: 'my/' })).rejects.toThrow(
      /^my\/prefix_signature_re\.txt:2: catastrophic backtracking \(exponential\), as on /,
    );
    await expect(browser.parseLists({ trim: '(foo|ba)*$' })).resolves.toMatchObject({
      digest: expect.any(String),
    });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(browser.parseLists({ trim: '(foo|ba)*$' }, { signal })).rejects.toThrow('enough');
  });
});

describe('rules from outside', async () => {
  const lists = await parseLists({});
  const crash = stack('foo');
  const rule = (order: { after?: readonly string[]; before?: readonly string[] }) =>
    defineSignatureRule({ name: 'mine', ...order, run: (c) => c.setSignature(`mine  | ${c.signature}`) });
  const signatureWith = (mine: ReturnType<typeof rule>): string =>
    new SignatureGenerator({ lists, rules: [...defaultRules, mine] }).generate(crash).signature;

  it('stand where they say', () => {
    expect(signatureWith(rule({ after: ['HungProcess'], before: ['SigFixWhitespace'] }))).toBe('mine | foo');
    expect(signatureWith(rule({ after: ['SigTruncate'] }))).toBe('mine  | foo');
  });

  it('are refused when they stand nowhere', () => {
    expect(() => signatureWith(rule({ before: ['Nobody'] }))).toThrow(
      'signature rule mine comes before Nobody, which does not exist',
    );
    expect(() => signatureWith(rule({ after: ['SigTruncate'], before: ['HungProcess'] }))).toThrow('cycle: ');
  });
});
