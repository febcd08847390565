import { need } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';
import { defineCommand, UsageError } from '../command.ts';
import { oneId } from '../command-ids.ts';
import { crashText } from '../crash-text.ts';
import { withApp } from '../with-app.ts';

export default defineCommand({
  name: 'show',
  summary: 'Print a processed crash: what, where, and the stack of the thread that crashed',
  args: '<id>',
  options: [{ flags: '--format <format>', doc: 'text or json', default: 'text' }],
  examples: [
    'auxilio show bp-0bba929f-8721-460c-8e70-a43c90261121',
    'auxilio show --format json ID | jq .signature',
  ],
  async run(context) {
    const id = oneId(context.args[0] ?? '');
    const { format } = context.options;
    if (format !== 'text' && format !== 'json')
      throw new UsageError(`--format is text or json, not ${JSON.stringify(format)}`);
    return withApp(context, async (app) => {
      const source = need(
        await (await app.stores()).get(app.configuration.settings.web.source),
        'show',
        'raw.read',
        'processed.read',
      );
      try {
        const processed = await source.readProcessed(id, { signal: context.signal });
        context.print(format === 'json' ? JSON.stringify(processed, null, 2) : crashText(processed));
        return 0;
      } catch (error) {
        if (codeOf(error) !== 'not_found') throw error;
      }
      const raw = await source.readRaw(id, { signal: context.signal }).catch((error: unknown) => {
        if (codeOf(error) === 'not_found') return undefined;
        throw error;
      });
      context.warn(
        raw
          ? `${id} is stored and not processed (${raw.metadata.outcome}); auxilio reprocess ${id}`
          : `${id}: no store has this crash`,
      );
      return 1;
    });
  },
});
