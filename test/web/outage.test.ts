import { afterEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../src/database/errors.ts';
import { createLog } from '../../src/lib/log.ts';
import { LogReporter } from '../../src/notify/log-reporter.ts';
import { AggregateStorageError, StorageError } from '../../src/storage/errors.ts';
import type { WebDeps } from '../../src/web/deps.ts';
import { idOf, openSite, rawOf, type SiteFixture } from './site-fixture.ts';

let site: SiteFixture;
afterEach(() => site.close());

const ID = idOf(1);
const HELD = idOf(2);
const down = (store: string) => () =>
  Promise.reject(new StorageError('unavailable', store, 'connect ECONNREFUSED 10.1.2.3:9042'));

/** A site whose source has some methods replaced. */
async function withSource(
  methods: Record<string, unknown>,
  change: Partial<WebDeps> = {},
): Promise<SiteFixture> {
  const plain = await openSite();
  const source = new Proxy(plain.store, {
    get: (target, name) => {
      if (typeof name === 'string' && name in methods) return methods[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const site = await openSite({ source, ...change });
  await plain.app.close();
  return {
    ...site,
    store: plain.store,
    close: async () => {
      await site.close();
      await plain.close();
    },
  };
}

describe('a store that is down', () => {
  it('is named, with 503 and never "not found"', async () => {
    site = await withSource({ readRaw: down('bucket'), readProcessed: down('bucket') });
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('Store bucket');
    expect(answer.body).toContain('[unavailable]');
    expect(answer.body).not.toMatch(/not found|10\.1\.2\.3/i);
    expect(answer.headers['retry-after']).toBe('30');
    expect(site.reported).toEqual([]);
  });

  it('may have what the other does not', async () => {
    site = await withSource({ readRaw: down('bucket') });
    expect((await site.browser().get(`/report/index/${ID}`)).status).toBe(503);
    await site.close();
    site = await withSource({ readProcessed: down('bucket') });
    await site.store.saveReport({ raw: rawOf(ID), dumps: [] });
    expect((await site.browser().get(`/report/index/${ID}`)).status).toBe(503);
    expect(site.queue.published).toEqual([]);
  });

  it('among several is named without those that only say not_found', async () => {
    const both = new AggregateStorageError('fallback', [
      new StorageError('not_found', 'spare', 'x'),
      new StorageError('timeout', 'bucket', 'x'),
    ]);
    site = await withSource({
      readRaw: () => Promise.reject(both),
      readProcessed: () => Promise.reject(both),
    });
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('Store bucket');
    expect(answer.body).not.toContain('spare');
  });

  it('leaves the report of a processed crash readable when only the raw crash cannot be read', async () => {
    site = await withSource({ readRaw: down('bucket') });
    await site.store.saveProcessed(rawOf(ID), { id: ID, signature: 'still here' });
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('still here');
    expect(answer.body).toContain('Store bucket');
  });

  it('still lets the spool answer for what just came in', async () => {
    site = await withSource({ readRaw: down('bucket') }, { inSpool: async () => true });
    expect((await site.browser().get(`/report/index/${ID}`)).body).toContain('Being processed');
  });

  it('keeps downloads from pretending', async () => {
    site = await withSource({ readRaw: down('bucket'), readDump: down('bucket') });
    const owner = await site.owner();
    for (const path of [`/report/raw/${ID}`, `/report/dump/${ID}?name=x`]) {
      const answer = await owner.get(path);
      expect(answer.status).toBe(503);
      expect(answer.headers['content-type']).toContain('text/html');
    }
  });

  it('that is the index takes the list from the home page, and nothing else', async () => {
    site = await openSite({
      overview: async () => ({
        since: '2026-11-21T08:00:00Z',
        outcomes: [{ outcome: 'accepted', count: 77 }],
      }),
    });
    site.search.answer = () =>
      Promise.reject(new StorageError('timeout', 'index', 'https://user:pw@es:9200'));
    const answer = await site.browser().get('/');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('Crashes cannot be listed now');
    expect(answer.body).toContain('[timeout]');
    expect(answer.body).toContain('77');
    expect(answer.body).not.toContain('user:pw');
    expect(answer.body).not.toContain('No crash');
  });

  it('that is the database leaves the spool on the page, and is named', async () => {
    site = await openSite({
      overview: () => Promise.reject(new DatabaseError('unavailable', 'connect 10.1.2.3:5432')),
      spool: () => ({
        entries: 4711,
        bytes: 0,
        oldest: null,
        free: 1,
        room: 'all',
        failed: 0,
        waitingFor: null,
      }),
    });
    const { body } = await site.browser().get('/');
    expect(body).toContain('The database does not answer [unavailable]');
    expect(body).toMatch(/Spool<\/h2>[\s\S]*4,711/);
    expect(body).not.toContain('10.1.2.3');
  });

  it('that is a database behind a page: 503, and its failures of other kinds 500', async () => {
    for (const [code, status] of [
      ['timeout', 503],
      ['internal', 500],
    ] as const) {
      const broken = await withSource({ readProcessed: () => Promise.reject(new DatabaseError(code, 'x')) });
      const answer = await broken.browser().get(`/report/index/${ID}`);
      expect([answer.status, answer.body.includes(`[${code}]`)]).toEqual([status, true]);
      site = broken;
      if (code === 'timeout') await broken.close();
    }
  });

  it('that stands still keeps nobody waiting for longer than 5 s', async () => {
    const never = () => new Promise<never>(() => undefined);
    site = await withSource(
      { readRaw: never, listDumps: never },
      { overview: never, bugs: never, findLists: never },
    );
    site.search.answer = never;
    await site.store.saveProcessed(rawOf(ID), { id: ID, signature: 'still here' });
    const started = performance.now();
    const [home, report] = await Promise.all([
      site.browser().get('/'),
      site.browser().get(`/report/index/${ID}`),
    ]);
    expect(performance.now() - started).toBeLessThan(5500);
    expect([home.status, report.status]).toEqual([503, 200]);
    for (const who of ['The index', 'The database'])
      expect(home.body).toContain(`${who} did not answer in time [timeout]`);
    expect(report.body).toContain('still here');
  });

  it('that is the queue or the spool only empties its panel', async () => {
    site = await openSite({ overview: () => Promise.reject(new Error('EACCES /var/secret')) });
    site.queue.down = true;
    const answer = await site.browser().get('/');
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('Not known: The queue does not take tasks now [unavailable]');
    expect(answer.body).not.toMatch(/secret/);
  });

  it('holds damaged data: 500, reported, not "not found"', async () => {
    const corrupt = () => Promise.reject(new StorageError('corrupt', 'bucket', 'bad JSON at /data/x'));
    site = await withSource({ readProcessed: corrupt });
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(500);
    expect(answer.body).toContain('damaged');
    expect(answer.body).not.toContain('/data/x');
    expect(site.reported).toHaveLength(1);
  });
});

describe('a bug of ours', () => {
  it('shows nothing of the inside and is reported', async () => {
    site = await withSource({ readProcessed: () => Promise.reject(new TypeError('secret detail')) });
    const answer = await site.browser().get(`/report/index/${ID}`);
    expect(answer.status).toBe(500);
    expect(answer.body).not.toMatch(/secret|TypeError|at .*\.ts/);
    expect(site.reported.map((event) => [event.service, event.tags])).toEqual([
      ['web', { route: '/report/index/:id' }],
    ]);
  });

  it('can be tried out with /__broken__', async () => {
    site = await openSite();
    expect((await site.browser().get('/__broken__')).status).toBe(500);
    expect(site.reported).toHaveLength(1);
  });
});

describe('the log', () => {
  it('has one line of each failure', async () => {
    const log = createLog('silent');
    const errors: unknown[] = [];
    log.error = (...line: unknown[]) => void errors.push(line);
    site = await openSite({ log, reporter: new LogReporter(log) });
    await site.browser().get('/__broken__');
    expect(errors).toHaveLength(1);
  });
});

describe('removal', () => {
  it('needs the owner, a confirmation, and all stores', async () => {
    const removed: string[] = [];
    let fail = true;
    site = await openSite({
      removeEverywhere: async (id) => {
        if (fail) throw new AggregateStorageError('all', [new StorageError('unavailable', 'index', 'x')]);
        removed.push(id);
        return id === HELD ? 'held' : 'removed';
      },
    });
    const owner = await site.owner();
    expect((await owner.get(`/report/remove/${ID}`)).body).toContain('Remove for good');
    const failed = await owner.post(`/report/remove/${ID}`);
    expect(failed.status).toBe(503);
    expect(failed.body).toContain('Not removed everywhere');
    expect(failed.body).toContain('Store index');
    fail = false;
    await owner.get(`/report/remove/${ID}`);
    expect((await owner.post(`/report/remove/${ID}`)).body).toContain('is gone from every store');
    expect(removed).toEqual([ID]);
    const held = await owner.post(`/report/remove/${HELD}`);
    expect([held.status, held.body]).toEqual([409, expect.stringContaining('Under legal hold')]);
    expect(held.body).not.toContain('is gone');
  });

  it('is not offered where the program has no way to do it', async () => {
    site = await openSite();
    await site.save({ id: ID, signature: 's' });
    const owner = await site.owner();
    expect((await owner.get(`/report/index/${ID}`)).body).not.toContain('/report/remove/');
    expect((await owner.get(`/report/remove/${ID}`)).status).toBe(404);
  });
});
