import { Readable } from 'node:stream';
import type { Dump } from '../../../model/report.ts';
import { defineCommand } from '../../command.ts';
import { oneId } from '../../command-ids.ts';
import { withApp } from '../../with-app.ts';
import { writeDump } from '../../write-dump.ts';
import { chosen, storeOption } from './chosen.ts';

/** As bytes to be written like a dump. */
function document(name: string, value: unknown): Dump {
  const text = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return { name, size: text.length, open: async () => Readable.from([text], { objectMode: false }) };
}

export default defineCommand({
  name: 'get',
  summary: 'Print what a store has of a crash: raw, processed, or a dump',
  args: '<id> [what]',
  options: [storeOption, { flags: '-o, --output <file>', doc: 'write to a file instead of stdout' }],
  examples: [
    'auxilio store get ID raw',
    'auxilio store get ID processed --store index',
    'auxilio store get ID upload_file_minidump -o crash.dmp',
  ],
  async run(context) {
    const [word = '', what = 'raw'] = context.args;
    const id = oneId(word);
    return withApp(context, async (app) => {
      const o = { signal: context.signal };
      let found: Dump;
      if (what === 'raw')
        found = document(what, await (await chosen(context, app, 'raw.read')).readRaw(id, o));
      else if (what === 'processed')
        found = document(what, await (await chosen(context, app, 'processed.read')).readProcessed(id, o));
      else found = await (await chosen(context, app, 'dumps.read')).readDump(id, what, o);
      await writeDump(found, context.options['output'], o);
      return 0;
    });
  },
});
