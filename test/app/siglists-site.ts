/** A data folder with processed crashes whose stacks one chooses, and lists beside it that one edits. */
import { appendFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { type CrashId, createCrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import type { CrashData } from '../../src/signature/crash-data.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { loadLists } from '../../src/signature/list-folder.ts';
import { trimSignatureInput } from '../../src/signature/trim-input.ts';
import { rawCrash, report, textDump } from '../../src/storage/conformance/inputs.ts';
import type { FullStore } from '../../src/storage/contract.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { repository } from '../build/running-auxilio.ts';

/** Of a stack: function names, the innermost first. */
export const crashData = (functions: readonly string[]): CrashData => ({
  crashing_thread: 0,
  os: 'Linux',
  threads: [{ frames: functions.map((name) => ({ function: name })) }],
});

const shipped = join(repository, 'siglists');

/** A copy of the lists that come with the package, with lines added. */
export async function listsWith(folder: string, added: Readonly<Record<string, string>>): Promise<string> {
  await cp(shipped, folder, { recursive: true });
  for (const [file, text] of Object.entries(added)) await appendFile(join(folder, file), `\n${text}\n`);
  return folder;
}

export const generatorOf = async (folder = shipped): Promise<SignatureGenerator> =>
  new SignatureGenerator({ lists: await loadLists(folder) });

/** As the processor would have saved it, with notes of its own around those of the signature. */
export function processedWith(
  id: CrashId,
  data: CrashData,
  generator: SignatureGenerator,
  more: object = {},
): ProcessedCrash {
  const { signature, notes, extra, trace } = generator.generate(data);
  return {
    id,
    uuid: id,
    signature,
    product: 'Sample',
    version: '1.0',
    date_processed: '2026-11-21T12:00:00.123Z',
    ...(extra.proto_signature !== undefined && { proto_signature: extra.proto_signature }),
    signature_input: trimSignatureInput(data) as ProcessedCrash['signature_input'],
    signature_trace: trace as unknown as ProcessedCrash['signature_trace'],
    processor_notes: ['>>> Start processing: then', 'stackwalk: a note', ...notes, 'last: a note'].join('\n'),
    ...more,
  } as ProcessedCrash;
}

export const newId = (): CrashId => createCrashId(new Date('2026-11-21T12:00:00Z'));

/** The stores of the embedded default, as another process would open them. */
export async function withStores<T>(
  dataDir: string,
  work: (stores: { readonly crashes: FullStore; readonly index: FullStore }) => Promise<T>,
): Promise<T> {
  const crashes = await FsStorage.open('crashes', { root: join(dataDir, 'stores', 'crashes'), depth: 2 });
  const index = await SqliteStorage.open('index', { file: join(dataDir, 'index.db') });
  try {
    return await work({ crashes: crashes as unknown as FullStore, index: index as unknown as FullStore });
  } finally {
    await crashes.close();
    await index.close();
  }
}

/** Saves a crash for each stack; resolves with their ids in order. */
export async function fill(
  dataDir: string,
  stacks: readonly (readonly string[])[],
  generator: SignatureGenerator,
  more: object = {},
): Promise<readonly CrashId[]> {
  const ids = stacks.map(newId);
  await withStores(dataDir, async ({ crashes, index }) => {
    await index.applyFields(FIELDS);
    for (const [i, functions] of stacks.entries()) {
      const id = ids[i] as CrashId;
      const raw = rawCrash({ ProductName: 'Sample' }, id);
      await crashes.saveReport(report(raw, textDump('core', id)));
      const processed = processedWith(id, crashData(functions), generator, more);
      await crashes.saveProcessed(raw, processed);
      await index.saveProcessed(raw, processed);
    }
  });
  return ids;
}
