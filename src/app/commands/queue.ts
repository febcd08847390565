import { mapConcurrent } from '../../lib/concurrency.ts';
import { nearest } from '../../lib/settings.ts';
import type { CrashId } from '../../model/crash-id.ts';
import type { CallOptions } from '../../model/report.ts';
import { type CrashQueue, type DeadSelection, LANES, type Lane } from '../../queue/contract.ts';
import { type Command, defineCommand, UsageError } from '../command.ts';
import { allIds } from '../command-ids.ts';
import { counted, printRows } from '../rows.ts';
import { withApp } from '../with-app.ts';

const format = { flags: '--format <format>', doc: 'text, json or csv', default: 'text' };

/** Tasks on their way at once: a list of many thousands must not wait for each confirmation. */
const AT_ONCE = 16;

const LANE_NAMES = LANES.join(', ');

function laneOf(text: string | undefined): Lane {
  const lane = LANES.find((name) => name === text);
  if (lane) return lane;
  const near = nearest(text ?? '', LANES);
  throw new UsageError(
    `${JSON.stringify(text ?? '')} is not a lane (${LANE_NAMES})${near ? `; did you mean ${near}?` : ''}`,
  );
}

const add: Command = defineCommand({
  name: 'add',
  summary: `Put crashes into a lane: ${LANE_NAMES}; the ids come as arguments or one a line on stdin. Whether any store has them is not looked up, as \`auxilio reprocess\` does`,
  args: '<lane> [ids...]',
  options: [{ flags: '--ruleset <name>', doc: 'rules to run instead of `default`' }],
  examples: [
    'auxilio queue add priority 0bba929f-8721-460c-8e70-a43c90261121',
    'auxilio queue add reprocessing < ids.txt',
  ],
  async run(context) {
    const [text, ...words] = context.args;
    const lane = laneOf(text);
    // All of them, before the first is sent: a list with a mistake in it leaves nothing half done.
    const ids = await allIds(context, words);
    const { ruleset } = context.options;
    const rules = typeof ruleset === 'string' ? { ruleset } : {};
    return withApp(context, async (app) => {
      const queue = await app.queue();
      await mapConcurrent(ids, AT_ONCE, async (crashId) => {
        await queue.publish({ crashId, ...rules }, lane, { signal: context.signal });
        context.print(`${crashId} queued (${lane})`);
      });
      return 0;
    });
  },
});

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
          found: task.found ?? null,
        });
      }
      printRows(context, rows);
      return 0;
    }),
});

/** Those of `ids` that no dead task is for. */
async function notDead(
  queue: CrashQueue,
  ids: readonly CrashId[],
  options: CallOptions,
): Promise<ReadonlySet<CrashId>> {
  const missing = new Set(ids);
  for await (const { task } of queue.listDead(options)) if (task) missing.delete(task.crashId);
  return missing;
}

/** A command for dead tasks, those named or all; exit code 1 when one that was named is not among them. */
const forDead = (
  words: Pick<Command, 'name' | 'summary' | 'examples'>,
  work: (queue: CrashQueue, which: DeadSelection, options: CallOptions) => Promise<number>,
  did: (count: number) => string,
): Command =>
  defineCommand({
    ...words,
    args: '[ids...]',
    options: [{ flags: '--all', doc: 'every dead task' }],
    async run(context) {
      const which = context.options['all'] ? 'all' : { ids: await allIds(context, context.args) };
      const o = { signal: context.signal };
      return withApp(context, async (app) => {
        const queue = await app.queue();
        const missing = which === 'all' ? new Set<CrashId>() : await notDead(queue, which.ids, o);
        context.print(did(await work(queue, which, o)));
        for (const id of missing) context.warn(`${id} is not among the dead letters; see auxilio queue dead`);
        return missing.size > 0 ? 1 : 0;
      });
    },
  });

const requeue = forDead(
  {
    name: 'requeue',
    summary: 'Put dead tasks back, with a fresh count of attempts',
    examples: ['auxilio queue requeue --all', 'auxilio queue requeue 0bba929f-8721-460c-8e70-a43c90261121'],
  },
  (queue, which, o) => queue.requeueDead(which, o),
  (count) => `${counted(count, 'task')} put back`,
);

const remove = forDead(
  {
    name: 'remove',
    summary: 'Forget dead tasks, those that could not be read too with --all; the crashes stay',
    examples: ['auxilio queue remove 0bba929f-8721-460c-8e70-a43c90261121', 'auxilio queue remove --all'],
  },
  (queue, which, o) => queue.removeDead(which, o),
  (count) => `${counted(count, 'dead task')} removed`,
);

export default defineCommand({
  name: 'queue',
  summary: 'Add to the queue; look at it and its dead letters',
  examples: ['auxilio queue depth', 'auxilio queue dead --format csv'],
  subcommands: [add, depth, dead, requeue, remove],
});
