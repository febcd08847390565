import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTool, type ToolLimits } from '../../src/symbols/run-tool.ts';
import { PRLIMIT, scratchFolder } from './tools.ts';

const LIMITS: ToolLimits = {
  timeoutMs: 20_000,
  maxOutputBytes: 1_000_000,
  memoryBytes: 0,
  prlimit: undefined,
};
const node = (code: string, limits: Partial<ToolLimits> = {}, signal?: AbortSignal) =>
  runTool(process.execPath, ['-e', code], { ...LIMITS, ...limits }, signal);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A process that was killed may be a zombie until its new parent has looked. */
async function isDeadSoon(pid: number): Promise<boolean> {
  for (let i = 0; i < 200; i += 1) {
    if (!isAlive(pid)) return true;
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) [ZX]/.test(state)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

describe('a tool', () => {
  it('gives its output, exit code and the last ten lines it complained about', async () => {
    const run = await node(`
      process.stdout.write('out');
      for (let i = 0; i < 30; i++) console.error('line ' + i);
      process.exitCode = 3;`);
    expect(run).toMatchObject({ exitCode: 3, timedOut: false, overflowed: false, firstErrorLine: 'line 0' });
    expect(run.stdout.toString()).toBe('out');
    expect(run.stderr).toBe(['...', ...Array.from({ length: 10 }, (_, i) => `line ${i + 20}`)].join('\n'));
  });

  it('has nothing of our environment', async () => {
    process.env['AUXILIO_TEST_SECRET'] = 'x';
    const run = await node('console.log(JSON.stringify(Object.keys(process.env)))');
    expect(JSON.parse(run.stdout.toString())).toEqual([]);
  });

  it('that hangs is killed, with what it started', async () => {
    const pidFile = join(await scratchFolder(), 'pid');
    const run = await node(
      `const { spawn } = require('node:child_process');
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
       require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
       setInterval(() => {}, 1000);`,
      { timeoutMs: 1500 },
    );
    expect(run).toMatchObject({ exitCode: -9, timedOut: true });
    expect(await isDeadSoon(Number(await readFile(pidFile, 'utf8')))).toBe(true);
  });

  it('that ends while a process it left behind holds its output does not hold us', async () => {
    const run = await node(
      `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'],
         { stdio: 'inherit', detached: true }).unref();
       console.log(process._getActiveHandles().length >= 0 ? 'done' : '');
       process.exit(0);`,
    );
    expect(run.exitCode).toBe(0);
    expect(run.stdout.toString()).toBe('done\n');
  });

  it('that says too much is killed', async () => {
    const run = await node(`const s = 'x'.repeat(65536); const w = () => process.stdout.write(s, w); w();`);
    expect(run).toMatchObject({ exitCode: -9, overflowed: true, timedOut: false });
    expect(run.stdout.length).toBeLessThanOrEqual(1_000_000);
  });

  it('that dies of a signal gives its number', async () => {
    expect(await node('process.abort()')).toMatchObject({ exitCode: -6, timedOut: false });
  });

  it('is killed when the caller aborts', async () => {
    const controller = new AbortController();
    const run = node('setInterval(() => {}, 1000)', {}, controller.signal);
    setImmediate(() => controller.abort(new Error('stop')));
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
  });

  it('that is not there rejects', async () => {
    await expect(runTool('/nowhere/tool', [], LIMITS)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.skipIf(!PRLIMIT)(
    'that is not there rejects behind prlimit too (skipped where that is not installed)',
    async () => {
      const limits = { ...LIMITS, memoryBytes: 1e9, prlimit: PRLIMIT };
      await expect(runTool('/nowhere/tool', [], limits)).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  it.skipIf(!PRLIMIT)('runs under its limits (skipped where prlimit is not installed)', async () => {
    const limits = { ...LIMITS, memoryBytes: 123 * 1024 * 1024, prlimit: PRLIMIT };
    const run = await runTool('/bin/sh', ['-c', 'ulimit -v; ulimit -c'], limits);
    expect(run.stdout.toString()).toBe(`${123 * 1024}\n0\n`);
  });
});
