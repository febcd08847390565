/** `npm run engines`: what becomes of engines that are started twice, killed, frozen, or cannot be had. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { down, status, up } from '../../scripts/engines/bring.ts';
import { type EngineDefinition, Unavailable } from '../../scripts/engines/definition.ts';
import { bringForTests, endAfterTests } from '../../scripts/engines/for-tests.ts';
import { withLock } from '../../scripts/engines/lock.ts';
import { isAlive, mark, type ProcessMark } from '../../scripts/engines/processes.ts';
import type { Ground } from '../../scripts/engines/state.ts';
import type { Engine } from '../build/engines.ts';
import { toyEngine } from '../build/toy-engine.ts';

let ground: Ground;
const toy = toyEngine('answers');
const silent = (): void => undefined;
/** Each starts Node several times, on a machine that runs other tests beside. */
vi.setConfig({ testTimeout: 120_000 });

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'auxilio-engines-test-'));
  ground = { state: join(folder, 'state'), cache: join(folder, 'cache') };
});

afterEach(async () => {
  await down(toy, ground);
  rmSync(join(ground.state, '..'), { recursive: true });
});

async function started(engine: EngineDefinition = toy): Promise<Engine> {
  const state = await up(engine, silent, ground);
  if ('missing' in state) throw new Error(state.missing);
  return state;
}

const json = (name: string): unknown => JSON.parse(readFileSync(join(ground.state, 'toy', name), 'utf8'));
const processes = (): readonly ProcessMark[] => json('processes.json') as readonly ProcessMark[];

async function kill(pid: number): Promise<void> {
  const victim = mark(pid);
  process.kill(pid, 'SIGKILL');
  while (victim !== undefined && isAlive(victim)) await sleep(10);
}

describe('up', () => {
  it('says where the engine is, and twice is once', async () => {
    const first = await started();
    expect(json('address.json')).toEqual(first);
    expect(await started()).toEqual(first);
    expect(first.version).toBe('1');
  });

  it('starts one when three ask at the same time', async () => {
    const all = await Promise.all([started(), started(), started()]);
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    expect(all[2]?.version).toBe('1');
  });

  it('starts one that was killed again, at its place and with its data', async () => {
    const first = await started();
    const [, other] = processes();
    await kill(first.pid);
    expect(await status(toy, ground)).toBeUndefined();
    const second = await started();
    expect(second).toEqual({ url: first.url, version: '2', pid: second.pid });
    expect(second.pid).not.toBe(first.pid);
    expect(other && isAlive(other)).toBe(false);
  });

  it('starts one again of which a process beside the server is gone', async () => {
    const first = await started();
    await kill(processes()[1]?.pid ?? 0);
    expect((await started()).version).toBe('2');
    expect(mark(first.pid)).toBeUndefined();
  });

  it('lets one go on that a test froze', async () => {
    const first = await started();
    process.kill(first.pid, 'SIGSTOP');
    expect(await status(toy, ground)).toBeUndefined();
    expect(await started()).toEqual(first);
  });

  it('does not take another process for the engine because it has its pid', async () => {
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
    // The kernel counts beginnings in hundredths of a second, and the two must not share one.
    await sleep(50);
    await started();
    for (const { pid } of processes()) await kill(pid);
    const stale = processes().map((one) => ({ ...one, pid: bystander.pid }));
    writeFileSync(join(ground.state, 'toy', 'processes.json'), JSON.stringify(stale));
    expect((await started()).version).toBe('2');
    await down(toy, ground);
    expect(bystander.exitCode).toBeNull();
    expect(bystander.signalCode).toBeNull();
    bystander.kill();
  });

  it('takes other ports when its own went to somebody else', async () => {
    const first = await started();
    await down(toy, ground);
    const thief = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(thief, 'listening');
    const second = await started();
    expect(second.url).not.toBe(first.url);
    thief.close();
  });
});

describe('an engine that cannot be had', () => {
  it.each([
    ['is said not to be, with the reason', new Unavailable('no go here'), 'no go here'],
    ['says so of whatever went wrong', new Error('initdb failed: no space'), 'initdb failed: no space'],
  ])('%s', async (_title, error, missing) => {
    const engine = toyEngine('answers', { install: () => Promise.reject(error) });
    expect(await up(engine, silent, ground)).toEqual({ missing });
    expect(json('address.json')).toEqual({ missing });
  });

  it('is tried again by the next who asks', async () => {
    await up(toyEngine('answers', { install: () => Promise.reject(new Error('once')) }), silent, ground);
    expect((await started()).version).toBe('1');
  });

  it('leaves nothing behind when it ends at once, and says its last words', async () => {
    const state = await up(toyEngine('dies'), silent, ground);
    expect(state).toEqual({ missing: expect.stringMatching(/^it ended: the disk is made of cheese/) });
    expect(processes()).toEqual([]);
  });

  it('leaves nothing behind when it does not answer in its time', async () => {
    let pids: readonly number[] = [];
    const mute = toyEngine('mute');
    const engine = toyEngine('mute', {
      start: async (place) => {
        pids = await mute.start(place);
        return pids;
      },
    });
    const state = await up(engine, silent, ground);
    expect(state).toEqual({ missing: expect.stringMatching(/^no answer in 1\.5 s: .*toy\/log\)$/) });
    expect(pids).toHaveLength(2);
    expect(pids.map(mark)).toEqual([undefined, undefined]);
  });
});

describe('down', () => {
  it('ends all processes, keeps the data, and tests no longer find the engine', async () => {
    const all = (await started()) && processes();
    await down(toy, ground);
    expect(all.map(isAlive)).toEqual([false, false]);
    expect(existsSync(join(ground.state, 'toy', 'address.json'))).toBe(false);
    expect((await started()).version).toBe('2');
  });

  it('ends one that is frozen', async () => {
    const { pid } = await started();
    process.kill(pid, 'SIGSTOP');
    await down(toy, ground);
    expect(mark(pid)).toBeUndefined();
  });

  it('is content with one that never ran', async () => {
    await expect(down(toy, ground)).resolves.toBeUndefined();
  });
});

describe('a run of the tests', () => {
  const withoutGo = toyEngine('answers', {
    name: 'gone',
    install: () => Promise.reject(new Unavailable('no go here')),
  });

  it('hears what is missing and ends what it started, no more', async () => {
    const [lines, missing]: [string[], string[]] = [[], []];
    const hooks = {
      say: (line: string) => void lines.push(line),
      without: (name: string, reason: string) => void missing.push(`${name}: ${reason}`),
    };
    const first = await bringForTests([toy, withoutGo], hooks, ground);
    expect(first).toEqual([toy]);
    expect(missing).toEqual(['gone: no go here']);
    expect(lines).toEqual([expect.stringMatching(/^toy 1 started: http/)]);

    expect(await bringForTests([toy], hooks, ground)).toEqual([]);
    expect(lines[1]).toMatch(/^toy 1 was running: /);
    await endAfterTests([], ground);
    expect(await status(toy, ground)).toBeDefined();
    await endAfterTests(first, ground);
    expect(await status(toy, ground)).toBeUndefined();
  });
});

describe('the lock', () => {
  it('is let go when its holder is killed', async () => {
    const file = join(ground.state, 'lock.db');
    const holder = spawn(process.execPath, [join(import.meta.dirname, 'processes/hold-lock.ts'), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await expect(withLock(file, 200, async () => 'mine')).rejects.toThrow(/held by another process/);
    holder.kill('SIGKILL');
    expect(await withLock(file, 5_000, async () => 'mine')).toBe('mine');
  });
});

describe('the command', () => {
  const command = (...args: readonly string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(process.execPath, [join(import.meta.dirname, '../../scripts/engines.ts'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ENGINES_DIR: ground.state },
    });

  it.each([
    [['swim'], 'usage: npm run engines -- up|down|restart|status'],
    [['up', 'postgres', 'oracle'], 'no engine oracle'],
  ])('%j is refused with the words that it knows', (args, says) => {
    const { status: code, stderr } = command(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
    expect(stderr).toContain('names: postgres versitygw rabbitmq');
  });

  it('says of an engine that does not run that it does not', () => {
    const state = command('status', 'postgres') as ReturnType<typeof command> & { readonly stdout: string };
    expect(state.status).toBe(1);
    expect(state.stdout).toBe('postgres: does not run, or does not answer\n');
  });
});
