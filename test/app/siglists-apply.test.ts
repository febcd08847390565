/** `auxilio siglists apply` as its users run it: killed, stopped, run again, and on a real Postgres. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeDisk } from '../../src/lib/disk.ts';
import type { CrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { ResignReceipt } from '../../src/processor/resign/resign-receipt.ts';
import { rawCrash } from '../../src/storage/conformance/inputs.ts';
import { soleRun } from '../../src/storage/transfer/sole-run.ts';
import { eventually, repository, runAuxilio, temporaryFolder } from '../build/running-auxilio.ts';
import { crashData, fill, generatorOf, listsWith, processedWith, withStores } from './siglists-site.ts';

const COUNT = 60;
const stacks = Array.from({ length: COUNT }, (_, i) =>
  i % 3 === 0 ? [`app::stays${i}`, 'main'] : ['wrapper_x', `app::run${i}`, 'main'],
);
const PERIOD = ['--since', '2026-11-21', '--until', '2026-11-21'] as const;

interface Site {
  readonly dataDir: string;
  readonly ids: readonly CrashId[];
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

async function site(): Promise<Site> {
  const { path: dataDir, remove } = await temporaryFolder('auxilio-apply-');
  const ids = await fill(dataDir, stacks, await generatorOf());
  const lists = await listsWith(join(dataDir, 'NEW'), { 'irrelevant_signature_re.txt': 'wrapper_' });
  return { dataDir, ids, remove, env: { SIGNATURE_LIST_DIR: lists } };
}

const apply = ({ dataDir, env }: Site, ...args: readonly string[]) =>
  runAuxilio(['siglists', 'apply', ...PERIOD, ...args], { dataDir, env });

const signaturesOf = ({ dataDir, ids }: Site): Promise<readonly (readonly [string, string])[]> =>
  withStores(dataDir, async ({ crashes, index }) =>
    Promise.all(
      ids.map(async (id) => {
        const both = [await crashes.readProcessed(id), await index.readProcessed(id)] as const;
        expect(both[0]).toEqual(both[1]);
        return [both[0].signature, String(both[0].signature_trace?.['lists'])] as const;
      }),
    ),
  );

const wanted = stacks.map((stack) => (stack[0] === 'wrapper_x' ? stack[1] : stack[0]));

async function files({ dataDir }: Site, end: string): Promise<readonly string[]> {
  const folder = join(dataDir, 'transfers');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(end)).map((name) => join(folder, name));
}

async function signedSoFar(at: Site): Promise<number> {
  const [state] = await files(at, '.state.json');
  if (!state) return 0;
  return (JSON.parse(await readFile(state, 'utf8')) as { tally: ResignReceipt }).tally.counts.signed;
}

/** Starts it slowly, and signals it as soon as some more crashes are done. */
async function interrupted(at: Site, signal: NodeJS.Signals): Promise<number | string | null> {
  const before = await signedSoFar(at);
  const args = ['siglists', 'apply', ...PERIOD, '--batch', '5', '--rate', '15', '--concurrency', '2'];
  const child = spawn(process.execPath, [join(repository, 'src/app/bin/auxilio.ts'), ...args], {
    cwd: at.dataDir,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], DATA_DIR: at.dataDir, ...at.env },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const enough = async (): Promise<true | undefined> => (await signedSoFar(at)) >= before + 10 || undefined;
  await eventually('ten more crashes signed', enough, 60_000);
  child.kill(signal);
  const [code, ended] = (await exited) as [number | null, string | null];
  return code ?? ended;
}

let at: Site;

describe('siglists apply', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    at = await site();
  });
  afterAll(() => at.remove());

  it('--dry-run counts and changes nothing', async () => {
    const { code, stdout } = await apply(at, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('40 crashes change: ');
    expect(stdout).toContain('nothing was changed');
    expect((await signaturesOf(at)).map(([signature]) => signature)).toEqual(stacks.map(([first]) => first));
    expect(await files(at, 'json')).toEqual([]);
  });

  it('killed, stopped and run again: every store has every new signature, each counted once', async () => {
    expect(await interrupted(at, 'SIGKILL')).toBe('SIGKILL');
    expect(await interrupted(at, 'SIGINT')).toBe(130);
    const { code, stdout, stderr } = await apply(at, '--receipt', 'receipt.json');
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    expect(stdout).toContain('40 of 60 crashes signed again in crashes, index');
    expect(stdout).toContain('in 3 runs');
    const receipt = JSON.parse(await readFile(join(at.dataDir, 'receipt.json'), 'utf8')) as ResignReceipt;
    const { signed, already, scanned, failed } = receipt.counts;
    // What was in hand when it was killed may have been done already.
    expect([signed + already, scanned, failed]).toEqual([40, 60, 0]);
    expect(already).toBeLessThanOrEqual(5);
    expect(await files(at, '.state.json')).toEqual([]);
    const now = await signaturesOf(at);
    expect(now.map(([signature]) => signature)).toEqual(wanted);
    // The digest is that of the lists which made the signature.
    const old = (await generatorOf()).lists.digest;
    for (const [i, [, digest]] of now.entries()) expect(digest).toBe(i % 3 === 0 ? old : receipt.lists);
    const lines = (await readFile(receipt.changes, 'utf8')).trim().split('\n');
    const changes = new Map(lines.map((line) => [(JSON.parse(line) as { id: string }).id, line]));
    expect(changes.get(at.ids[1] as string)).toBe(
      JSON.stringify({ id: at.ids[1], from: 'wrapper_x', to: 'app::run1' }),
    );
  });

  it.each([
    [['--rate', '5MB'], '--rate is crashes a second, like 50, not "5MB"\n'],
    [['--batch', '0'], '--batch is a whole number from 1 on, not "0"\n'],
  ])('%j is one line', async (args, line) => {
    expect(await apply(at, ...args)).toMatchObject({ code: 2, stderr: line });
  });

  it('run once more: nothing is left to do', async () => {
    const { stdout } = await apply(at);
    expect(stdout).toContain('0 of 60 crashes signed again');
  });

  it('--all renews the traces of the others, and their explanation shows the lines of today', async () => {
    const { stdout } = await apply(at, '--all');
    expect(stdout).toContain('20 of 60 crashes signed again');
    const digests = new Set((await signaturesOf(at)).map(([, digest]) => digest));
    expect(digests.size).toBe(1);
    expect((await apply(at, '--all')).stdout).toContain('0 of 60 crashes');
    const { stdout: explained } = await runAuxilio(['signature', '--explain', at.ids[1] as string], {
      dataDir: at.dataDir,
    });
    // The lists in use are others here: the version that was applied is kept by its digest.
    expect(explained).toMatch(/by irrelevant_signature_re\.txt:\d+ {2}wrapper_/);
  });

  it('one crash that cannot be saved is in the receipt, and the others are done', async () => {
    const broken = await site();
    try {
      const id = broken.ids[1] as CrashId;
      await withStores(broken.dataDir, async ({ crashes, index }) => {
        const processed = await index.readProcessed(id);
        await crashes.remove(id);
        await index.saveProcessed(rawCrash({}, id), processed);
      });
      const { code, stdout } = await apply(broken, '--receipt', 'receipt.json');
      expect(code).toBe(1);
      expect(stdout).toContain('1 crash could not be signed again');
      const receipt = JSON.parse(
        await readFile(join(broken.dataDir, 'receipt.json'), 'utf8'),
      ) as ResignReceipt;
      expect(receipt.counts).toMatchObject({ signed: 39, failed: 1 });
      expect(receipt.failures).toEqual([{ id, reason: expect.stringContaining(`no raw crash ${id}`) }]);
    } finally {
      await broken.remove();
    }
  });

  it('beside a running one is refused', async () => {
    const busy = await site();
    try {
      await interrupted(busy, 'SIGKILL');
      const [state = ''] = await files(busy, '.state.json');
      const refused = await soleRun(new NodeDisk(), state.replace('.state.json', '.lock'), () => apply(busy));
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('runs already') });
    } finally {
      await busy.remove();
    }
  });

  it('a crash that a processor replaced since keeps what the processor made', async () => {
    const raced = await site();
    try {
      const id = raced.ids[1] as CrashId;
      const later = new Date(Date.now() + 3_600_000).toISOString();
      const processed = processedWith(id, crashData(['wrapper_x', 'app::new']), await generatorOf(), {
        completed_datetime: later,
      }) as ProcessedCrash;
      await withStores(raced.dataDir, async ({ crashes, index }) => {
        for (const store of [crashes, index]) await store.saveProcessed(rawCrash({}, id), processed);
      });
      const { stdout } = await apply(raced);
      expect(stdout).toContain('1 crash left to a processor');
      await withStores(raced.dataDir, async ({ crashes }) => {
        expect(await crashes.readProcessed(id)).toEqual(processed);
      });
    } finally {
      await raced.remove();
    }
  });

  it('while a processor saves the same crashes, no store is left with what was read before', async () => {
    const { path: dataDir, remove } = await temporaryFolder('auxilio-apply-');
    try {
      const generator = await generatorOf();
      const many = Array.from({ length: 300 }, (_, i) => ['wrapper_x', `app::run${i}`]);
      const ids = await fill(dataDir, many, generator, { completed_datetime: '2026-11-21T12:00:00.000Z' });
      const lists = await listsWith(join(dataDir, 'NEW'), { 'irrelevant_signature_re.txt': 'wrapper_' });
      const busy = { dataDir, ids, remove, env: { SIGNATURE_LIST_DIR: lists } };
      const applied = apply(busy, '--batch', '50');
      let isOver = false;
      void applied.finally(() => {
        isOver = true;
      });
      const newest = new Map<CrashId, string>();
      await eventually('the beginning', async () => (await files(busy, '.state.json'))[0], 60_000);
      await withStores(dataDir, async ({ crashes, index }) => {
        for (let i = 0; !isOver; i += 1) {
          const id = ids[(i * 7) % ids.length] as CrashId;
          const at = new Date().toISOString();
          const more = { completed_datetime: at, run: i };
          const processed = processedWith(id, crashData(['wrapper_x', 'app::again']), generator, more);
          await Promise.all(
            [crashes, index].map((store) => store.saveProcessed(rawCrash({}, id), processed)),
          );
          newest.set(id, String(i));
        }
        expect((await applied).code).toBe(0);
        expect(newest.size).toBeGreaterThan(10);
        for (const [id, run] of newest)
          for (const store of [crashes, index])
            expect(String((await store.readProcessed(id))['run'])).toBe(run);
      });
    } finally {
      await remove();
    }
  });
});
