import { defineCommand } from '../../command.ts';
import { oneId } from '../../command-ids.ts';
import { withApp } from '../../with-app.ts';
import { chosen, storeOption } from './chosen.ts';

export default defineCommand({
  name: 'list',
  summary: 'List the crash ids of a day (UTC), or the dumps of a crash',
  args: '<day|id>',
  options: [storeOption],
  examples: ['auxilio store list 2026-11-21', 'auxilio store list ID'],
  async run(context) {
    const [word = ''] = context.args;
    const o = { signal: context.signal };
    return withApp(context, async (app) => {
      if (/^\d{4}-\d{2}-\d{2}$/.test(word)) {
        for await (const id of (await chosen(context, app, 'list')).list(word, o)) context.print(id);
        return 0;
      }
      const store = await chosen(context, app, 'dumps.read');
      for (const dump of await store.listDumps(oneId(word), o))
        context.print(`${dump.name}\t${dump.size}\t${dump.sha256 ?? ''}`);
      return 0;
    });
  },
});
