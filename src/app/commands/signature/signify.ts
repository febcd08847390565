import { CommandError, defineCommand } from '../../command.ts';
import { fixedGenerator } from '../../siglists/fixed-generator.ts';
import { listsText } from '../../signing/lists-in-use.ts';
import { readCrashes } from '../../signing/read-input.ts';
import { sign } from '../../signing/signed.ts';
import { withApp } from '../../with-app.ts';

export default defineCommand({
  name: 'signify',
  summary:
    'Make the signature of crash data or of a processed crash as JSON, or of a stack as text: JSON comes out',
  args: '[file]',
  sections: ['signature'],
  options: [{ flags: '-v, --verbose', doc: 'with the debug log, the frames and the trace' }],
  examples: [
    'signature signify < crash-data.json',
    'signature signify < traceback.txt',
    'signature signify processed.json | jq -r .signature',
  ],
  async run(context) {
    const [crash, ...more] = await readCrashes(context, context.args[0] ?? '-');
    if (!crash || more.length > 0)
      throw new CommandError('one crash is wanted, not an array; signature --input takes many');
    return withApp(context, async (app) => {
      const { result, debug } = sign(
        (await fixedGenerator(app.configuration, undefined, { signal: context.signal })).generator,
        crash,
        { lists: listsText(app) },
      );
      const { signature, notes, extra, trace } = result;
      const more = { debug, normalized_frames: extra.normalized_frames ?? [], trace };
      const answer = {
        signature,
        proto_signature: extra.proto_signature ?? '',
        notes,
        ...(context.options['verbose'] === true && more),
      };
      context.print(JSON.stringify(answer, null, 2));
      return 0;
    });
  },
});
