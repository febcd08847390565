import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CassandraStorage } from '../../src/storage/cassandra/cassandra-storage.ts';
import type { CassandraOptions } from '../../src/storage/cassandra/settings.ts';
import { bytesOf, dumpOf, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import { StorageError } from '../../src/storage/errors.ts';
import {
  cassandraMissing,
  cassandraServer,
  dropKeyspace,
  makeKeyspace,
  openCassandra,
  strays,
} from '../build/cassandra.ts';
import { engine } from '../build/engines.ts';
import { type Cut, type EngineProxy, proxyTo } from '../build/toxiproxy.ts';

const toxiproxy = engine('toxiproxy');
const missing = cassandraMissing ?? ('missing' in toxiproxy ? toxiproxy.missing : undefined);

const name = `cassandra-${randomUUID()}`;

/** What a save may take at worst: intent and clearing up, each asked twice. */
const LIMIT_MS = 20_000;

describe.skipIf(missing)(
  `cassandra: a network that fails${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 180_000 },
  () => {
    let options: CassandraOptions;
    let proxy: EngineProxy;
    let store: CassandraStorage;

    beforeAll(async () => {
      options = await makeKeyspace();
      if ('missing' in toxiproxy) throw new Error(toxiproxy.missing);
      proxy = await proxyTo(toxiproxy.url, name, cassandraServer().url);
      store = await openCassandra({
        ...options,
        contact_points: [`${proxy.host}:${proxy.port}`],
        request_timeout: 2000,
        connect_timeout: 2000,
      });
    }, 180_000);
    afterAll(async () => {
      await store?.close();
      if (proxy && 'url' in toxiproxy) await fetch(`${toxiproxy.url}/proxies/${name}`, { method: 'DELETE' });
      if (options) await dropKeyspace(options);
    }, 180_000);

    it.each<Cut>(['reset', 'black hole', 'one-way'])(
      '%s: calls fail in time with what may be tried again, and then work',
      async (cut) => {
        const kept = rawCrash();
        const whole = report(kept, dumpOf('core', Buffer.alloc(3_000_000, 7)));
        await store.saveReport(whole);
        await proxy.cut(cut);
        const started = performance.now();
        const failures = await Promise.allSettled([
          store.saveReport(report(rawCrash(), textDump('core', 'x'))),
          store.readRaw(kept.id),
          store.health(),
        ]);
        expect(performance.now() - started).toBeLessThan(LIMIT_MS);
        for (const failure of failures) {
          const reason: unknown = failure.status === 'rejected' ? failure.reason : undefined;
          expect(reason).toBeInstanceOf(StorageError);
          expect((reason as StorageError).retryable).toBe(true);
          expect((reason as StorageError).message).not.toContain('\n');
        }
        await proxy.heal();
        await expect
          .poll(() => store.health().then(() => 'well', String), { timeout: 60_000, interval: 500 })
          .toBe('well');
        expect(await bytesOf(await store.readDump(kept.id, 'core'))).toHaveLength(3_000_000);
        await store.saveReport(whole);
        await store.remove(kept.id);
      },
    );

    it('an aborted call ends at once while nobody answers', async () => {
      await proxy.cut('black hole');
      const started = performance.now();
      const signal = AbortSignal.timeout(200);
      await expect(store.readRaw(rawCrash().id, { signal })).rejects.toMatchObject({ code: 'aborted' });
      expect(performance.now() - started).toBeLessThan(1900);
      await proxy.heal();
      await expect
        .poll(() => store.health().then(() => 'well', String), { timeout: 60_000, interval: 500 })
        .toBe('well');
    });

    it('what was left behind meanwhile is swept', async () => {
      const now = new Date(Date.now() + 3_600_000);
      await store.sweep({ olderThanMs: 0, dryRun: false, now });
      expect(await strays(options)).toEqual([]);
    });
  },
);
