/** Saves reports and processed crashes until it is killed; says each id that is safe. `crash-writer FILE` */
import { createCrashId } from '../../../src/model/crash-id.ts';
import { FIELDS } from '../../../src/search/field-list.ts';
import { processedCrash, rawCrash, report, textDump } from '../../../src/storage/conformance/inputs.ts';
import { SqliteStorage } from '../../../src/storage/sqlite/sqlite-storage.ts';

const store = await SqliteStorage.open('writer', { file: process.argv[2] ?? '' });
await store.applyFields(FIELDS);

async function lane(): Promise<never> {
  for (;;) {
    const id = createCrashId(new Date('2026-11-21T12:00:00Z'));
    const raw = rawCrash({ ProductName: 'x' }, id);
    // Above what a report may hold in memory: its chunks are written ahead.
    await store.saveReport(report(raw, textDump('small', id), textDump('large', id.repeat(80_000))));
    await store.saveProcessed(raw, processedCrash(id));
    process.stdout.write(`${id}\n`);
  }
}

await Promise.all([lane(), lane(), lane()]);
