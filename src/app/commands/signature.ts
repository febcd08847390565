import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { toCrashData } from '../../signature/convert.ts';
import type { CrashData } from '../../signature/crash-data.ts';
import type { SignatureResult } from '../../signature/trace.ts';
import { need } from '../../storage/contract.ts';
import { codeOf } from '../../storage/errors.ts';
import { defineCommand } from '../command.ts';
import { allIds } from '../command-ids.ts';
import { withApp } from '../with-app.ts';

function textOf(id: string, processed: ProcessedCrash, result: SignatureResult): string {
  const same = processed.signature === result.signature ? 'True' : 'False';
  const lines = [
    `Crash id: ${id}`,
    `Original: ${processed.signature}`,
    `New:      ${result.signature}`,
    `Same?:    ${same}`,
    ...(result.notes.length > 0
      ? [`Notes:    (${result.notes.length})`, ...result.notes.map((note) => `          ${note}`)]
      : []),
  ];
  return lines.join('\n');
}

/** The stored input of the signature; crashes from before it was stored have their stack walk. */
const inputOf = (processed: ProcessedCrash): CrashData =>
  (processed.signature_input as CrashData | undefined) ?? toCrashData(processed);

export default defineCommand({
  name: 'signature',
  summary: 'Make the signature of stored crashes again, with the lists as they are now',
  args: '[ids...]',
  sections: ['signature'],
  examples: [
    'signature 0bba929f-8721-460c-8e70-a43c90261121',
    'auxilio store list 2026-11-21 | signature',
    'signature --signature-list-dir ./my-lists 0bba929f-8721-460c-8e70-a43c90261121',
  ],
  async run(context) {
    const ids = await allIds(context, context.args);
    return withApp(context, async (app) => {
      const store = need(
        await (await app.stores()).get(app.configuration.settings.web.source),
        'signature',
        'processed.read',
      );
      const generator = await app.signatures();
      let missing = 0;
      for (const [index, id] of ids.entries()) {
        try {
          const processed = await store.readProcessed(id, { signal: context.signal });
          if (index > missing) context.print('');
          context.print(textOf(id, processed, generator.generate(inputOf(processed))));
        } catch (error) {
          if (codeOf(error) !== 'not_found') throw error;
          missing += 1;
          context.warn(`WARNING: ${id}: does not have processed crash.`);
        }
      }
      return missing > 0 ? 1 : 0;
    });
  },
});
