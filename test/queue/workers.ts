/** Processes that work on one queue and write to one log what they did; all ends with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { until } from '../../src/queue/conformance/harness.ts';

export interface Workers {
  /** Resolves when it says that it is ready. */
  start(...args: readonly string[]): Promise<ChildProcess>;
  /** What they all wrote, in words, of the lines that begin with `what`. */
  lines(what: 'published' | 'begun' | 'done'): Promise<string[][]>;
}

/** `script` is run as `SCRIPT LOG ARGS…` and writes `ready PID` first. */
export async function workers(script: string): Promise<Workers> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-workers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  await writeFile(log, '');
  return {
    async start(...args) {
      const child = spawn(process.execPath, [script, log, ...args], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      await until('the process is ready', async () =>
        (await readFile(log, 'utf8')).includes(`ready ${child.pid}\n`),
      );
      return child;
    },
    async lines(what) {
      const text = await readFile(log, 'utf8');
      return text
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([first]) => first === what);
    },
  };
}

/** Resolves when it has ended; one that is told to stop ends well. */
export async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const closed = once(child, 'close');
  child.kill(signal);
  const [code] = (await closed) as [number | null];
  if (signal === 'SIGTERM') expect(code).toBe(0);
}
