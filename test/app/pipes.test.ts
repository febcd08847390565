/** Commands in a pipe: readers that go, disks that are full, ids on stdin. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { repository, runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder('auxilio-pipes-');
});
afterEach(() => folder.remove());

describe('pipes', () => {
  it('end quietly when their reader goes', async () => {
    const child = spawn(
      process.execPath,
      [join(repository, 'src/app/bin/auxilio.ts'), 'reprocess', '--force'],
      {
        cwd: folder.path,
        env: { PATH: process.env['PATH'], DATA_DIR: folder.path },
        stdio: 'pipe',
      },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.destroy();
    child.stdin.end(`${createCrashId(new Date())}\n`.repeat(500));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toBe('');
  });

  const through = (command: string) =>
    spawnSync('sh', ['-c', command], {
      cwd: folder.path,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: folder.path,
        AUXILIO: `${process.execPath} ${join(repository, 'src/app/bin/auxilio.ts')}`,
      },
    });

  it.each(['queue depth', 'config', '--help'])(
    'that nobody can write to are said in one line: %s',
    (command) => {
      expect(through(`$AUXILIO ${command} > /dev/full`)).toMatchObject({
        status: 1,
        stderr: 'stdout cannot be written (ENOSPC)\n',
      });
    },
  );

  it('of errors that nobody reads leave the exit code as it is', () => {
    const { stdout, stderr } = through('{ $AUXILIO show nonsense 2>&3; echo $? >&4; } 4>&1 3>/dev/full');
    expect({ stdout, stderr }).toEqual({ stdout: '2\n', stderr: '' });
  });

  it('take crash ids one a line, and refuse all when one is wrong', async () => {
    const id = createCrashId(new Date());
    const queued = await runAuxilio(
      ['reprocess', '--force'],
      { dataDir: folder.path },
      `${id}\n\n bp-${id} \n`,
    );
    expect(queued.stdout).toBe(`${id} queued (reprocessing)\n`.repeat(2));
    const refused = await runAuxilio(['reprocess'], { dataDir: folder.path }, `${id}\nnonsense\n`);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
  });
});
