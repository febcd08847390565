/** `auxilio siglists lint`, as a process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

const LIMIT_MS = 120_000;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let lists: string;
beforeEach(async () => {
  folder = await temporaryFolder('auxilio-lint-');
  lists = join(folder.path, 'lists');
  await mkdir(lists);
});
afterEach(() => folder.remove());

const lint = (...args: readonly string[]) =>
  runAuxilio(['siglists', 'lint', ...args], { dataDir: folder.path });

describe('siglists lint', { timeout: LIMIT_MS }, () => {
  it('is content with the lists of the package', async () => {
    expect(await lint()).toMatchObject({ code: 0, stdout: 'nothing to complain of\n', stderr: '' });
  });

  it('prints file, line and both patterns, and exits with 1', async () => {
    await writeFile(join(lists, 'prefix_signature_re.txt'), '# bug 1\nfoo\nfoobar$\n');
    const file = join(lists, 'prefix_signature_re.txt');
    expect(await lint('--list-dir', lists)).toMatchObject({
      code: 1,
      stdout: `${file}:3: shadowed: line 2 matches all that it does\n    foobar$\n    foo   (prefix_signature_re.txt:2)\n1 finding\n`,
    });
  });

  it('exits with 0 for advice alone, with 1 when it is --strict', async () => {
    await writeFile(join(lists, 'prefix_signature_re.txt'), 'foobar$\nfoo\n');
    const { code, stdout } = await lint('--list-dir', lists, '--format', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      folder: lists,
      findings: [{ list: 'prefix_signature_re.txt', line: 1, kind: 'order', by: { line: 2 } }],
    });
    expect((await lint('--list-dir', lists, '--strict')).code).toBe(1);
  });

  it('says what is wrong with its own arguments', async () => {
    expect(await lint('--list-dir', join(folder.path, 'none'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be read (ENOENT)'),
    });
    expect(await lint('--format', 'xml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--format is text or json, not "xml"'),
    });
  });
});
