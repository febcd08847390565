import { printable } from '../../../lib/printable.ts';
import { parseStoredId } from '../../../model/crash-id.ts';
import { toCrashData } from '../../../signature/convert.ts';
import { defineCommand } from '../../command.ts';
import { openSource } from '../../signing/crash-source.ts';
import { inputOf } from '../../signing/signed.ts';
import { SourceError } from '../../signing/source-error.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'fetch-data',
  summary: 'Print the crash data of a crash: what its signature is made of, as JSON for signify',
  args: '<id>',
  sections: ['socorro'],
  options: [
    { flags: '-v, --verbose', doc: 'say on stderr where it is read' },
    {
      flags: '--store <expression>',
      doc: 'a store or a wiring expression; default is what the web site reads',
    },
  ],
  examples: [
    'signature fetch-data 0bba929f-8721-460c-8e70-a43c90261121 > crash-data.json',
    'signature fetch-data --socorro-url https://crash-stats.mozilla.org 0bba929f-8721-460c-8e70-a43c90261121',
  ],
  async run(context) {
    const [word = ''] = context.args;
    const id = parseStoredId(word.trim());
    if (!id) {
      context.warn(`WARNING: Error: ${printable(word)} is not a valid crash id`);
      return 1;
    }
    return withApp(context, async (app) => {
      const source = await openSource(app, context.options['store']);
      if (context.options['verbose'] === true)
        context.warn(`${id}: ${source.page(id) ?? 'from the stores here'}`);
      try {
        const processed = await source.processed(id, { signal: context.signal });
        // With a stack walk every thread is told; without one the stored input is all there is.
        const data = processed.json_dump ? toCrashData(processed) : inputOf(processed);
        context.print(JSON.stringify(data, null, 2));
        return 0;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        context.warn(`WARNING: ${id}: ${error.message}`);
        return 1;
      }
    });
  },
});
