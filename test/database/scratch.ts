/** A folder of one test's own, and processes that share a file with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { onTestFinished } from 'vitest';

export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-database-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Script {
  readonly child: ChildProcess;
  readonly lines: Interface;
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | string>;
}

/** Runs `processes/<name>.ts`; killed when the test ends. */
export function runScript(name: string, ...args: readonly string[]): Script {
  const file = join(import.meta.dirname, 'processes', `${name}.ts`);
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code, signal]) => (code as number | null) ?? String(signal));
  return { child, lines: createInterface({ input: child.stdout }), ended };
}
