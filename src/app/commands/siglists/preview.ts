import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MovesTally } from '../../../processor/resign/moves.ts';
import { rescan, type ScanPeriod } from '../../../processor/resign/rescan.ts';
import { GENERATOR_VERSION, type Signatures } from '../../../signature/generator.ts';
import type { App } from '../../app.ts';
import { type CommandContext, defineCommand, UsageError } from '../../command.ts';
import { wholeValue } from '../../command-values.ts';
import { fixedGenerator } from '../../siglists/fixed-generator.ts';
import type { Preview, PreviewView } from '../../siglists/preview.ts';
import { PREVIEW_FORMATS } from '../../siglists/preview-formats.ts';
import {
  countCrashes,
  type ScanTarget,
  scanOptions,
  scanPeriod,
  scanTarget,
} from '../../siglists/scan-choice.ts';
import { scanProgress } from '../../siglists/scan-progress.ts';
import { withApp } from '../../with-app.ts';

async function tally(
  context: CommandContext,
  target: ScanTarget,
  { signatures, baseline }: { readonly signatures: Signatures; readonly baseline: Signatures | undefined },
  period: ScanPeriod,
): Promise<{ readonly moves: MovesTally; readonly withoutInput: number }> {
  const { signal } = context;
  const moves = new MovesTally();
  const progress = scanProgress(await countCrashes(target, period, { signal }));
  let [done, changed, withoutInput] = [0, 0, 0];
  try {
    for await (const { id, before, after } of rescan(target.store, signatures, period, {
      signal,
      baseline,
    })) {
      done += 1;
      if (after === undefined) withoutInput += 1;
      else {
        if (after !== before) changed += 1;
        moves.add(id, before, after);
      }
      progress.at(done, changed);
    }
  } finally {
    progress.end();
  }
  return { moves, withoutInput };
}

function viewOf({ options }: CommandContext, { configuration }: App): PreviewView {
  const site = configuration.settings.web.base_url.replace(/\/$/, '');
  return {
    limit: wholeValue('--limit', options['limit']),
    page: (id) => (site === '' ? undefined : `${site}/report/index/${id}`),
  };
}

export default defineCommand({
  name: 'preview',
  summary: 'Say which signatures of stored crashes would merge, split or move; nothing is changed',
  sections: ['signature'],
  options: [
    ...scanOptions,
    { flags: '--list-dir <folder>', doc: 'the lists to try; default is those in use' },
    {
      flags: '--against <what>',
      doc: 'stored: the signatures as they are; current: what the lists in use would give, so that only the edit counts',
      default: 'stored',
    },
    { flags: '--format <format>', doc: [...PREVIEW_FORMATS.keys()].join(', '), default: 'text' },
    { flags: '-o, --output <file>', doc: 'write it there instead of on stdout' },
    {
      flags: '--limit <n>',
      doc: 'merges, splits and moves to show, each; csv and json have all',
      default: '100',
    },
    { flags: '--fail-on-change', doc: 'exit with 1 when a signature changes' },
  ],
  examples: [
    'auxilio siglists preview --since 7d --list-dir ./siglists',
    'auxilio siglists preview --since 2026-11-01 --until 2026-11-07 --list-dir NEW --format markdown > comment.md',
    'auxilio siglists preview --since 30d --list-dir NEW --against current',
    'auxilio siglists preview --since 30d --list-dir NEW --format html --output preview.html',
  ],
  async run(context) {
    const period = scanPeriod(context);
    const { format, output, failOnChange, against } = context.options;
    if (against !== 'stored' && against !== 'current')
      throw new UsageError(`--against is stored or current, not ${JSON.stringify(against)}`);
    const write = PREVIEW_FORMATS.get(String(format));
    if (!write)
      throw new UsageError(
        `--format is ${[...PREVIEW_FORMATS.keys()].join(', ')}, not ${JSON.stringify(format)}`,
      );
    return withApp(context, async (app) => {
      const view = viewOf(context, app);
      const { configuration } = app;
      const { signal } = context;
      const tried = await fixedGenerator(configuration, context.options['listDir'], { signal });
      const { folder, generator: signatures } = tried;
      const target = await scanTarget(context, app);
      const inUse =
        against === 'current' ? await fixedGenerator(configuration, undefined, { signal }) : undefined;
      const baseline = inUse?.generator;
      const { moves, withoutInput } = await tally(context, target, { signatures, baseline }, period);
      const preview: Preview = {
        store: target.expression,
        since: period.from.toISOString(),
        until: period.to.toISOString(),
        lists: signatures.lists.digest,
        folder,
        generator: GENERATOR_VERSION,
        ...(baseline && { against: baseline.lists.digest }),
        withoutInput,
        ...moves.result(),
      };
      const text = write(preview, view).join('\n');
      if (typeof output === 'string') await writeFile(resolve(app.configuration.cwd, output), `${text}\n`);
      else context.print(text);
      return failOnChange === true && preview.changed > 0 ? 1 : 0;
    });
  },
});
