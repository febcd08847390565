/** `auxilio queue add`, `remove` and `requeue`, as a process, and `store rm` of a task. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/lib/log.ts';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import { consumeSome, totalDepth } from '../../src/queue/conformance/harness.ts';
import type { CrashQueue } from '../../src/queue/contract.ts';
import backend from '../../src/queue/fs/index.ts';
import { repository, runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';

const LIMIT_MS = 120_000;
const ids = (count: number) => Array.from({ length: count }, () => createCrashId(new Date()));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let queue: CrashQueue;

beforeEach(async () => {
  folder = await temporaryFolder('auxilio-queue-add-');
  queue = await backend.open({}, { dataDir: folder.path, log: silentLog });
});

afterEach(async () => {
  await queue.close();
  await folder.remove();
});

const run = (...args: readonly string[]) => runAuxilio(['queue', ...args], { dataDir: folder.path });

async function runWithInput(input: string, ...args: readonly string[]) {
  const main = join(repository, 'src/app/bin/auxilio.ts');
  const child = spawn(process.execPath, [main, 'queue', ...args, '--data-dir', folder.path], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { stdout, stderr, code };
}

describe('queue add', { timeout: LIMIT_MS }, () => {
  it('puts ids given as arguments into the lane', async () => {
    const [one, two] = ids(2) as unknown as [string, string];
    const result = await run('add', 'priority', one, `bp-${two}`, '--ruleset', 'regenerate_signature');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.trim().split('\n').toSorted()).toEqual(
      [`${one} queued (priority)`, `${two} queued (priority)`].toSorted(),
    );
    const seen = await consumeSome(queue, 2);
    expect(seen.map(({ lane, task }) => [lane, task.ruleset])).toEqual(
      Array.from({ length: 2 }, () => ['priority', 'regenerate_signature']),
    );
    expect(seen.map(({ task }) => task.crashId).toSorted()).toEqual([one, two].toSorted());
  });

  it('reads ids on stdin, one a line', async () => {
    const given = ids(50);
    const result = await runWithInput(`${given.join('\n')}\n\n`, 'add', 'reprocessing');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(await queue.depth('reprocessing')).toBe(50);
  });

  it('sends nothing when one of them is wrong', async () => {
    const [one, two] = ids(2) as unknown as [string, string];
    const message = '"no-id" is not a crash id, like 0bba929f-8721-460c-8e70-a43c90261121\n';
    expect(await run('add', 'standard', one, 'no-id', two)).toMatchObject({
      code: 2,
      stderr: message,
      stdout: '',
    });
    expect(await runWithInput(`${one}\nno-id\n${two}\n`, 'add', 'standard')).toMatchObject({
      code: 2,
      stderr: message,
      stdout: '',
    });
    expect(await totalDepth(queue)).toBe(0);
  });

  it('names the lanes when there is no such lane, and asks for ids when there are none', async () => {
    const [id] = ids(1) as unknown as [string];
    expect(await run('add', 'prioritty', id)).toMatchObject({
      code: 2,
      stderr: '"prioritty" is not a lane (priority, standard, reprocessing); did you mean priority?\n',
    });
    expect(await runWithInput('', 'add', 'standard')).toMatchObject({
      code: 2,
      stderr: 'give crash ids as arguments, or one a line on stdin\n',
    });
  });
});

describe('queue remove', { timeout: LIMIT_MS }, () => {
  it('forgets dead tasks, those given or all', async () => {
    const given = ids(3);
    for (const crashId of given) await queue.publish({ crashId }, 'standard');
    await consumeSome(queue, 3, () => ({ kind: 'dead', reason: 'x' }));
    const [first = ''] = given;
    expect(await run('remove', first)).toMatchObject({ code: 0, stdout: '1 dead task removed\n' });
    expect(await run('remove', first)).toMatchObject({
      code: 1,
      stdout: '0 dead tasks removed\n',
      stderr: `${first} is not among the dead letters; see auxilio queue dead\n`,
    });
    expect(await run('remove', '--all')).toMatchObject({ code: 0, stdout: '2 dead tasks removed\n' });
  });
});

describe('queue requeue', { timeout: LIMIT_MS }, () => {
  it('puts back those that are dead, and says which of those named are not', async () => {
    const [dead, stranger] = ids(2) as unknown as [CrashId, CrashId];
    await queue.publish({ crashId: dead }, 'standard');
    await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'x' }));
    expect(await run('requeue', stranger, dead, dead)).toEqual({
      code: 1,
      stdout: '1 task put back\n',
      stderr: `${stranger} is not among the dead letters; see auxilio queue dead\n`,
    });
    await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'x' }));
    expect(await run('requeue', dead, dead)).toEqual({ code: 0, stdout: '1 task put back\n', stderr: '' });
  });
});

describe('store rm', { timeout: LIMIT_MS }, () => {
  it('says so when there was only a task, alive or dead', async () => {
    const [waiting, dead, stranger] = ids(3) as unknown as [CrashId, CrashId, CrashId];
    await queue.publish({ crashId: dead }, 'standard');
    await consumeSome(queue, 1, () => ({ kind: 'dead', reason: 'x' }));
    await queue.publish({ crashId: waiting }, 'standard');
    const result = await runAuxilio(['store', 'rm', '--yes', waiting, dead, stranger], {
      dataDir: folder.path,
    });
    expect(result).toEqual({
      code: 1,
      stdout: `${waiting}: its task was removed; no store had it\n${dead}: its task was removed; no store had it\n`,
      stderr: `${stranger}: nothing had it\n`,
    });
    expect(await totalDepth(queue)).toBe(0);
  });
});
