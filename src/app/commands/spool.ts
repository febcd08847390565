import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { allIds } from '../command-ids.ts';
import { counted, printRows } from '../rows.ts';
import { withApp } from '../with-app.ts';

const format = { flags: '--format <format>', doc: 'text, json or csv', default: 'text' };

const failed: Command = defineCommand({
  name: 'failed',
  summary: 'List reports that the store refused for good, with the reason',
  options: [format],
  examples: ['auxilio spool failed', 'auxilio spool failed --format json'],
  run: (context: CommandContext) =>
    withApp(context, async (app) => {
      const rows: Record<string, unknown>[] = [];
      for await (const report of (await app.spool()).listFailed({ signal: context.signal })) {
        rows.push({
          crash_id: report.id,
          failed_at: report.failedAt,
          bytes: report.bytes,
          reason: report.reason,
        });
      }
      printRows(context, rows);
      return 0;
    }),
});

const retry: Command = defineCommand({
  name: 'retry',
  summary: 'Let refused reports go the normal way again',
  args: '[ids...]',
  options: [{ flags: '--all', doc: 'every refused report' }],
  examples: ['auxilio spool retry --all'],
  async run(context) {
    const which = context.options['all'] ? 'all' : { ids: await allIds(context, context.args) };
    const o = { signal: context.signal };
    return withApp(context, async (app) => {
      const spool = await app.spool();
      const missing = new Set(which === 'all' ? [] : which.ids);
      if (missing.size > 0) for await (const { id } of spool.listFailed(o)) missing.delete(id);
      context.print(`${counted(await spool.retryFailed(which, o), 'report')} put back`);
      for (const id of missing)
        context.warn(`${id} is not among the refused reports; see auxilio spool failed`);
      return missing.size > 0 ? 1 : 0;
    });
  },
});

export default defineCommand({
  name: 'spool',
  summary: 'Look at the collector’s spool: reports that no store would take',
  examples: ['auxilio spool failed --format csv', 'auxilio spool retry --all'],
  subcommands: [failed, retry],
});
