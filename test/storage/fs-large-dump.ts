/** Run by fs.test.ts with a small heap: saves a dump of 100 MB and prints how many bytes come back. */
import { generatedDump, rawCrash, report } from '../../src/storage/conformance/inputs.ts';
import { FsStorage } from '../../src/storage/fs/fs-storage.ts';

const root = process.argv[2];
if (root === undefined) throw new Error('give a folder');
const store = await FsStorage.open('files', { root, depth: 2 });
const chunk = Buffer.alloc(1024 * 1024);
const raw = rawCrash();
const dump = generatedDump('core', 100 * chunk.length, function* () {
  for (let i = 0; i < 100; i += 1) yield chunk;
});
await store.saveReport(report(raw, dump));
let bytes = 0;
for await (const piece of await (await store.readDump(raw.id, 'core')).open())
  bytes += (piece as Buffer).length;
await store.close();
console.log(bytes);
