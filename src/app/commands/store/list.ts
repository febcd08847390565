import { type CrashId, parseCrashId } from '../../../model/crash-id.ts';
import { defineCommand, UsageError } from '../../command.ts';
import { isDay } from '../../command-values.ts';
import { withApp } from '../../with-app.ts';
import { chosen, storeOption } from './chosen.ts';

/** What is to be listed, known before any store is opened. */
function dayOrId(word: string): { readonly day: string } | { readonly id: CrashId } {
  if (isDay(word)) return { day: word };
  const id = parseCrashId(word);
  if (id) return { id };
  throw new UsageError(
    `give a day (UTC) like 2026-11-21 or a crash id like 0bba929f-8721-460c-8e70-a43c90261121, not ${JSON.stringify(word)}`,
  );
}

export default defineCommand({
  name: 'list',
  summary: 'List the crash ids of a day (UTC), or the dumps of a crash',
  args: '<day|id>',
  options: [storeOption],
  examples: ['auxilio store list 2026-11-21', 'auxilio store list ID'],
  async run(context) {
    const what = dayOrId((context.args[0] ?? '').trim());
    const o = { signal: context.signal };
    return withApp(context, async (app) => {
      if ('day' in what) {
        for await (const id of (await chosen(context, app, 'list')).list(what.day, o)) context.print(id);
        return 0;
      }
      const store = await chosen(context, app, 'dumps.read');
      for (const dump of await store.listDumps(what.id, o))
        context.print(`${dump.name}\t${dump.size}\t${dump.sha256 ?? ''}`);
      return 0;
    });
  },
});
