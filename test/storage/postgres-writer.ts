/** Run by postgres.test.ts: saves 40 crashes of 8 weeks at once. `postgres-writer URL SCHEMA` */
import { idOn, rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import backend from '../../src/storage/postgres/index.ts';
import { leafContext } from '../build/leaf.ts';

const [url = '', schema = ''] = process.argv.slice(2);
const store = (await backend.open({ url, schema }, leafContext('crashes'))) as FullStore;
const monday = Date.parse('2026-01-05T00:00:00Z');
const save = (i: number): Promise<void> => {
  const day = new Date(monday + (i % 8) * 7 * 86_400_000).toISOString().slice(0, 10);
  return store.saveReport(report(rawCrash({}, idOn(day)), textDump('core', String(i))));
};
await Promise.all(Array.from({ length: 40 }, (_, i) => save(i)));
await store.close();
