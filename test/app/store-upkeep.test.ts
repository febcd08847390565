/** `auxilio store init`, `sweep` and `wipe` as their users run them, on the embedded default. */
import { access, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqliteFile } from '../../src/database/sqlite-file.ts';
import { isoDay } from '../../src/lib/clock.ts';
import { fillStore, idsIn, type Site, site } from './transfer-site.ts';

const TODAY = isoDay(new Date());

let at: Site;
beforeAll(async () => {
  at = await site();
});
afterAll(() => at.dispose());

describe('store init', () => {
  it('says what there is to do, and sends the sample crashes through a collector', async () => {
    const { code, stdout } = await at.run('store', 'init', 'poly(crashes, index)', '--sample-data');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^crashes: fs makes what it needs when it opens\nindex: sqlite makes/);
    const ids = [...stdout.matchAll(/sample crash (\S+) of Darkroom, stored in crashes and queued/g)].map(
      ([, id]) => id,
    );
    expect(ids.length).toBeGreaterThanOrEqual(3);
    await at.using('crashes', async (store) => {
      expect(await idsIn(store, TODAY)).toEqual([...ids].sort());
      const [id] = await idsIn(store, TODAY);
      if (!id) throw new Error('no sample');
      expect((await store.readRaw(id)).annotations).toMatchObject({
        ProductName: 'Darkroom',
        Vendor: 'Auxilio',
      });
      expect((await store.listDumps(id)).map(({ name }) => name)).toEqual(['upload_file_minidump']);
    });
    expect((await at.run('queue', 'depth', '--format', 'csv')).stdout).toContain(`standard,${ids.length}`);
  }, 300_000);

  it('an unknown name, no name, and a name with --all are refused', async () => {
    const [unknown, none, both] = await Promise.all([
      at.run('store', 'init', 'crashs'),
      at.run('store', 'init'),
      at.run('store', 'init', 'crashes', '--all'),
    ]);
    expect([unknown?.code, unknown?.stderr]).toEqual([1, expect.stringContaining('did you mean crashes?')]);
    for (const result of [none, both])
      expect([result?.code, result?.stderr]).toEqual([
        2,
        expect.stringContaining('name a store, or give --all'),
      ]);
  }, 300_000);
});

describe('store sweep', () => {
  it('finds what killed writers left, in files and in SQLite, and leaves what is young', async () => {
    const tmp = join(at.dataDir, 'stores/crashes/tmp');
    const old = new Date(Date.now() - 2 * 86_400_000);
    for (const name of ['dead', 'young']) {
      await mkdir(join(tmp, name), { recursive: true });
      await writeFile(join(tmp, name, 'dump'), Buffer.alloc(2048));
    }
    await utimes(join(tmp, 'dead'), old, old);
    await at.using('archive', (store) => fillStore(store, 1));
    const file = await SqliteFile.open(join(at.dataDir, 'archive.db'));
    await file.commit([
      { sql: 'insert into staging (upload, started_ms) values (7, ?)', parameters: [old.getTime()] },
      { sql: 'insert into staging (upload, started_ms) values (8, ?)', parameters: [Date.now()] },
      {
        sql: 'insert into dump_chunk (upload, item, part, bytes) values (7, 0, 0, ?)',
        parameters: [Buffer.alloc(3072)],
      },
    ]);
    await file.close();
    const dry = await at.run('store', 'sweep', '--all', '--dry-run');
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('archive: 1 leftover, 3.0 KB\n')]);
    expect(dry.stdout).toContain('crashes: 1 leftover, 2.0 KB\n');
    expect(dry.stdout).toContain('mirror: http leaves nothing to sweep');
    const swept = await at.run('store', 'sweep', '--all');
    expect(swept.stdout).toContain('archive: 1 leftover, 3.0 KB; 1 removed');
    expect(swept.stdout).toContain('crashes: 1 leftover, 2.0 KB; 1 removed');
    await access(join(tmp, 'young'));
    await expect(access(join(tmp, 'dead'))).rejects.toThrow();
    const again = await at.run('store', 'sweep', '--all', '--older-than', '0s', '--dry-run');
    expect(again.stdout).toContain('archive: 1 leftover, 0 B');
    expect(again.stdout).toContain('crashes: 1 leftover');
  }, 300_000);
});

describe('store wipe', () => {
  it('says what it would do, and refuses in production without the second flag', async () => {
    const [plain, production] = await Promise.all([
      at.run('store', 'wipe', '--all'),
      at.run('store', 'wipe', 'crashes', '--yes'),
    ]);
    expect([plain?.code, plain?.stdout]).toEqual([
      0,
      expect.stringContaining('crashes would be emptied; add --yes'),
    ]);
    expect(plain?.stdout).toContain('queue would be emptied; add --yes');
    expect(production?.code).toBe(1);
    expect(production?.stderr).toContain('ENVIRONMENT is production: nothing was emptied');
    expect(await at.using('crashes', (store) => idsIn(store, TODAY))).not.toEqual([]);
  }, 300_000);

  it('empties one store and leaves the others, and a store that can be used', async () => {
    const { code, stdout } = await at.run('store', 'wipe', 'archive', '--yes', '--even-in-production');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/archive\.db: 1 rows of raw/)]);
    await at.using('archive', async (store) => {
      expect(await idsIn(store)).toEqual([]);
      await fillStore(store, 1);
      expect(await idsIn(store)).toHaveLength(1);
    });
    expect(await at.using('crashes', (store) => idsIn(store, TODAY))).not.toEqual([]);
  }, 300_000);

  it('with --all empties every store, the queue, the spool and the database', async () => {
    await writeFile(join(at.dataDir, 'stores/crashes/README'), 'not ours');
    await at.run('store', 'wipe', '--all', '--yes', '--environment', 'production');
    expect(await at.using('archive', (store) => idsIn(store))).toHaveLength(1);
    const { code, stdout, stderr } = await at.run(
      'store',
      'wipe',
      '--all',
      '--yes',
      '--environment',
      'development',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('state: queue fs');
    expect(stdout).toMatch(/state: database: .*collector_outcome/);
    expect(stdout).toContain('mirror: nothing to empty');
    expect(await at.using('archive', (store) => idsIn(store))).toEqual([]);
    expect(await at.using('crashes', (store) => idsIn(store, TODAY))).toEqual([]);
    await access(join(at.dataDir, 'stores/crashes/README'));
    const [depth, outcomes] = await Promise.all([
      at.run('queue', 'depth', '--format', 'csv'),
      at.run('outcomes', '--format', 'json'),
    ]);
    expect(depth?.stdout).toContain('standard,0');
    expect(outcomes?.stdout.trim()).toBe('[]');
    const { code: init, stdout: sent } = await at.run('store', 'init', '--all', '--sample-data');
    expect([init, sent]).toEqual([0, expect.stringContaining('sample crash')]);
  }, 300_000);
});
