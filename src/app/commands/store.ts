import type { CrashStorage } from '../../storage/contract.ts';
import { type Capability, need } from '../../storage/contract.ts';
import type { App } from '../app.ts';
import { type Command, type CommandContext, defineCommand, UsageError } from '../command.ts';
import { allIds, oneId } from '../command-ids.ts';
import { withApp } from '../with-app.ts';
import { writeDump } from '../write-dump.ts';

const storeOption = {
  flags: '--store <expression>',
  doc: 'a store or a wiring expression; default is what the web site reads',
};

async function chosen<C extends Capability>(
  context: CommandContext,
  app: App,
  ...wanted: readonly C[]
): Promise<CrashStorage<C>> {
  const { store } = context.options;
  const [expression, label] =
    typeof store === 'string' ? [store, '--store'] : [app.configuration.settings.web.source, 'WEB_SOURCE'];
  return need(await (await app.stores()).get(expression, label), label, ...wanted);
}

const get: Command = defineCommand({
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

const list: Command = defineCommand({
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

const rm: Command = defineCommand({
  name: 'rm',
  summary: 'Remove crashes from every configured store, the spool and the queue',
  args: '[ids...]',
  options: [{ flags: '--yes', doc: 'do it; without it the command only says what it would remove' }],
  examples: ['auxilio store rm --yes ID'],
  async run(context) {
    if (context.args.length === 0 && process.stdin.isTTY)
      throw new UsageError('give crash ids as arguments, or one a line on stdin');
    const ids = await allIds(context, context.args);
    return withApp(context, async (app) => {
      let missing = 0;
      for (const id of ids) {
        if (!context.options['yes']) context.print(`${id} would be removed; add --yes`);
        else if (await app.removeEverywhere(id, { signal: context.signal })) context.print(`${id} removed`);
        else {
          missing += 1;
          context.warn(`${id}: nothing had it`);
        }
      }
      return missing > 0 ? 1 : 0;
    });
  },
});

export default defineCommand({
  name: 'store',
  summary: 'Look into stores, and remove crashes from them',
  examples: ['auxilio store list 2026-11-21', 'auxilio store get ID raw', 'auxilio store rm --yes ID'],
  subcommands: [get, list, rm],
});
