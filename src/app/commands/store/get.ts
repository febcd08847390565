import { defineCommand } from '../../command.ts';
import { oneId } from '../../command-ids.ts';
import { withApp } from '../../with-app.ts';
import { writeDump } from '../../write-dump.ts';
import { chosen, storeOption } from './chosen.ts';

export default defineCommand({
  name: 'get',
  summary: 'Print what a store has of a crash: raw, processed, or a dump',
  args: '<id> [what]',
  options: [storeOption, { flags: '-o, --output <file>', doc: 'write a dump to a file instead of stdout' }],
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
      if (what === 'raw')
        context.print(JSON.stringify(await (await chosen(context, app, 'raw.read')).readRaw(id, o), null, 2));
      else if (what === 'processed') {
        context.print(
          JSON.stringify(await (await chosen(context, app, 'processed.read')).readProcessed(id, o), null, 2),
        );
      } else {
        const dump = await (await chosen(context, app, 'dumps.read')).readDump(id, what, o);
        await writeDump(dump, context.options['output'], o);
      }
      return 0;
    });
  },
});
