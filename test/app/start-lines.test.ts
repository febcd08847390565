/** The first thing that a new user sees of the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually, repository, temporaryFolder } from '../build/running-auxilio.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

it('on a new data folder the addresses come last, after what the first jobs say', async () => {
  const path = join(folder.path, 'screen');
  // One file for both, as a terminal is.
  const screen = await open(path, 'a');
  const ports = { COLLECTOR_PORT: '0', WEB_PORT: '0', CRONTABBER_PORT: '0' };
  const child = spawn(process.execPath, [join(repository, 'src/app/bin/auxilio.ts'), 'up'], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], DATA_DIR: join(folder.path, 'data'), ...ports },
    stdio: ['ignore', screen.fd, screen.fd],
  });
  const ended = once(child, 'exit');
  try {
    const lines = await eventually('the end of the start', async () => {
      const text = await readFile(path, 'utf8');
      return text.includes('Ctrl-C stops.\n') ? text.trim().split('\n') : undefined;
    });
    expect(lines.slice(-7).map((line) => line.split(/\s{2,}|\s(?=\d)/)[0])).toEqual([
      'collector',
      'processor',
      'crontabber',
      'web',
      'open once',
      'data in',
      'Ctrl-C stops.',
    ]);
    expect(lines.slice(0, -7).join('\n')).toContain('JOB_BUGS_FEEDS is not set');
  } finally {
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await screen.close();
  }
}, 60_000);
