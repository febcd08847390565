/** How the program ends: when somebody wants it to, and when it cannot start. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { listening } from '../build/listening.ts';
import { repository, runAuxilio, startAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

it('a Ctrl-C that comes twice, as under npm start, still closes everything in order', async () => {
  const auxilio = await startAuxilio({ dataDir: folder.path });
  const exited = once(auxilio.process, 'exit');
  // Two different signals: two of one kind that are both pending arrive as one.
  auxilio.process.kill('SIGINT');
  auxilio.process.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(auxilio.stderr()).toBe('');
});

it.each(['COLLECTOR_PORT', 'WEB_PORT'])(
  'a taken %s is said in one line that names the setting',
  async (key) => {
    await using other = await listening(createServer());
    const { port } = other;
    const { code, stderr } = await runAuxilio(['up'], { dataDir: folder.path, env: { [key]: String(port) } });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^port ${port} of 127\\.0\\.0\\.1 is taken; ${key} chooses another.*\\n$`),
    );
  },
);

it('Ctrl-C in the middle of store rm is no failure of the stores', async () => {
  const ids = Array.from({ length: 2000 }, () => createCrashId(new Date()));
  const child = spawn(
    process.execPath,
    [join(repository, 'src/app/bin/auxilio.ts'), 'store', 'rm', '--yes', '--data-dir', folder.path],
    { stdio: 'pipe' },
  );
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr === '') child.kill('SIGINT');
    stderr += chunk.toString();
  });
  child.stdin.end(ids.join('\n'));
  expect(await once(child, 'close')).toEqual([130, null]);
  const lines = stderr.trimEnd().split('\n');
  expect(lines.length).toBeLessThan(ids.length);
  expect(lines.filter((line) => !line.endsWith(': nothing had it'))).toEqual([]);
});
