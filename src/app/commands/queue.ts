import { LANES } from '../../queue/contract.ts';
import { type Command, defineCommand } from '../command.ts';
import { allIds } from '../command-ids.ts';
import { counted, printRows } from '../rows.ts';
import { withApp } from '../with-app.ts';

const format = { flags: '--format <format>', doc: 'text, json or csv', default: 'text' };

const depth: Command = defineCommand({
  name: 'depth',
  summary: 'How many tasks wait in each lane',
  options: [format],
  examples: ['auxilio queue depth', 'auxilio queue depth --format json'],
  run: (context) =>
    withApp(context, async (app) => {
      const queue = await app.queue();
      const rows: { lane: string; tasks: number }[] = [];
      for (const lane of LANES)
        rows.push({ lane, tasks: await queue.depth(lane, { signal: context.signal }) });
      let dead = 0;
      for await (const _task of queue.listDead({ signal: context.signal })) dead += 1;
      printRows(context, [...rows, { lane: 'dead', tasks: dead }]);
      return 0;
    }),
});

const dead: Command = defineCommand({
  name: 'dead',
  summary: 'List tasks that were given up, with the reason',
  options: [format],
  examples: ['auxilio queue dead', 'auxilio queue dead --format csv'],
  run: (context) =>
    withApp(context, async (app) => {
      const rows: Record<string, unknown>[] = [];
      for await (const task of (await app.queue()).listDead({ signal: context.signal })) {
        rows.push({
          crash_id: task.task?.crashId ?? null,
          lane: task.lane,
          attempts: task.attempts,
          died_at: task.diedAt,
          reason: task.reason,
        });
      }
      printRows(context, rows);
      return 0;
    }),
});

const requeue: Command = defineCommand({
  name: 'requeue',
  summary: 'Put dead tasks back, with a fresh count of attempts',
  args: '[ids...]',
  options: [{ flags: '--all', doc: 'every dead task' }],
  examples: ['auxilio queue requeue --all', 'auxilio queue requeue 0bba929f-8721-460c-8e70-a43c90261121'],
  async run(context) {
    const which = context.options['all'] ? 'all' : { ids: await allIds(context, context.args) };
    return withApp(context, async (app) => {
      const count = await (await app.queue()).requeueDead(which, { signal: context.signal });
      context.print(`${counted(count, 'task')} put back`);
      return which !== 'all' && count < which.ids.length ? 1 : 0;
    });
  },
});

export default defineCommand({
  name: 'queue',
  summary: 'Look at the queue and its dead letters',
  examples: ['auxilio queue depth', 'auxilio queue dead --format csv'],
  subcommands: [depth, dead, requeue],
});
