/** The home page before the first crash: how to send one. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curlCommand } from '../../src/web/pages/guide.ts';
import { openSite, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
beforeEach(async () => {
  site = await openSite();
});
afterEach(() => site.close());

describe('empty system', () => {
  it('explains how to send a crash, at the real address', async () => {
    const { status, body } = await site.browser().get('/');
    expect(status).toBe(200);
    expect(body).toContain('No crash of the last 7 days yet');
    for (const text of [
      'http://127.0.0.1:8001/submit',
      'curl',
      'crashReporter.start',
      'StartHandler',
      'minidump_upload',
    ])
      expect(body, text).toContain(text);
  });

  it('has the button only with the sample', async () => {
    expect((await site.browser().get('/')).body).not.toContain('action="/sample"');
    const folder = join(site.dataDir, 'no-sample');
    await mkdir(folder);
    await writeFile(join(folder, 'sample.dmp'), 'MDMP');
    await writeFile(join(folder, 'annotations.json'), '{"ProductName":"Sample"}');
    expect((await site.browser().get('/')).body).toContain('action="/sample"');
  });
});

describe('curl command', () => {
  /** The arguments that curl gets when the command is pasted into a shell. */
  async function argumentsOf(command: string): Promise<readonly string[]> {
    const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
    const { stdout } = await promisify(execFile)('sh', ['-c', script], { cwd: site.dataDir });
    return stdout.split('\0').slice(0, -1);
  }

  it('carries any annotation and path through the shell', async () => {
    const odd = `it's "$HOME" \`id\` \\ ; rm -rf / & 100%`;
    const dump = join(site.dataDir, `o'dd $(id).dmp`);
    const args = await argumentsOf(
      curlCommand({ dump, gzipped: false, annotations: { Odd: odd, '@x': '<y' } }, 'http://h/s?a=1&b=2'),
    );
    expect(args).toEqual([
      '--form-string',
      `Odd=${odd}`,
      '--form-string',
      '@x=<y',
      '-F',
      `upload_file_minidump=@${dump}`,
      'http://h/s?a=1&b=2',
    ]);
  });

  it('unpacks a gzipped dump on the way', () => {
    expect(curlCommand({ dump: '/x/sample.dmp.gz', gzipped: true, annotations: {} }, 'http://h/')).toBe(
      "gunzip -c /x/sample.dmp.gz | curl -F 'upload_file_minidump=@-;filename=sample.dmp' \\\n  http://h/",
    );
  });
});
