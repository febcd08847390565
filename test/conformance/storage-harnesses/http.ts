/** A real collector of ours at the other end, with its spool and a store of files, which is the reader. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../src/lib/log.ts';
import { parseSettings } from '../../../src/lib/settings.ts';
import { openSpool } from '../../../src/spool/open.ts';
import { spoolSchema } from '../../../src/spool/settings.ts';
import type { OpenedStore, StorageHarness } from '../../../src/storage/conformance/harness.ts';
import { CAPABILITIES, type FullStore } from '../../../src/storage/contract.ts';
import { FsStorage } from '../../../src/storage/fs/fs-storage.ts';
import httpBackend from '../../../src/storage/http/index.ts';
import { layerOver } from '../../../src/storage/layers/layer.ts';
import { leafContext } from '../../build/leaf.ts';
import { start } from '../../collector/harness.ts';
import { FakeQueue } from '../../spool/harness.ts';

export const TOKEN = 'a token';

export interface OpenedHttp extends OpenedStore {
  readonly reader: FullStore;
  readonly url: string;
}

/** `options` are the http store's, `settings` the collector's. */
export async function openHttp(
  options: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<OpenedHttp> {
  const folder = await mkdtemp(join(tmpdir(), 'auxilio-http-'));
  const kept = await FsStorage.open('kept', { root: join(folder, 'kept'), depth: 2 });
  const spool = await openSpool({
    settings: parseSettings(spoolSchema, {}),
    dataDir: folder,
    store: kept,
    queue: new FakeQueue(),
    log: silentLog,
  });
  const { collector, url } = await start({
    settings: { resubmit_token: TOKEN, ...settings },
    deps: { spool },
  });
  // What was answered lies in the spool first.
  const reader = layerOver(kept, 'settled', {
    async call(_call, run) {
      await spool.drain();
      return run();
    },
  });
  const store = await httpBackend.open(
    { url: `${url}/submit`, token: TOKEN, ...options },
    leafContext('http', folder),
  );
  return {
    store,
    reader: reader as FullStore,
    url,
    async dispose() {
      await store.close();
      await collector.close();
      await spool.close();
      await reader.close();
      await kept.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const lacks = CAPABILITIES.filter((c) => c !== 'report.write');

/** The destination notes its own metadata and shortens names: whole raw crashes are compared in http.test.ts. */
const common = { use: 'http', lacks, readerHas: ['dumps.read'] } as const;

const harnesses: readonly StorageHarness[] = [
  // Client and collector share a process and its event loop, which the large dump keeps busy.
  { ...common, streams: true, open: () => openHttp({ timeout: '5m' }) },
  { ...common, variant: 'gzip', open: () => openHttp({ gzip: true }) },
];

export default harnesses;
