import { readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { MovesTally } from '../../../processor/resign/moves.ts';
import { rescan, type ScanPeriod } from '../../../processor/resign/rescan.ts';
import { GENERATOR_VERSION, SignatureGenerator, type Signatures } from '../../../signature/generator.ts';
import { loadLists } from '../../../signature/list-folder.ts';
import type { App } from '../../app.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../../command.ts';
import { wholeValue } from '../../command-values.ts';
import { packageRoot } from '../../package-root.ts';
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
import { signatureRules } from '../../signature-rules.ts';
import { withApp } from '../../with-app.ts';

interface NewLists {
  readonly folder: string;
  readonly signatures: Signatures;
}

/** Those of `--list-dir`, else the lists in use. */
async function newLists({ options, signal }: CommandContext, { configuration }: App): Promise<NewLists> {
  const { cwd, dataDir, settings } = configuration;
  const given = String(options['listDir'] ?? settings.signature.list_dir);
  const folder = given === '' ? join(packageRoot, 'siglists') : resolve(cwd, given);
  try {
    await readdir(folder);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`--list-dir: ${folder} cannot be read (${code ?? 'error'})`, { cause });
  }
  const lists = await loadLists(folder, { cacheFile: join(dataDir, 'siglists.checked'), signal });
  const rules = await signatureRules(configuration);
  return { folder, signatures: new SignatureGenerator({ lists, rules }) };
}

/** As they are now: an edit half-way through would be compared with itself. */
const listsInUse = async (app: App): Promise<Signatures> =>
  new SignatureGenerator({ lists: (await app.signatures()).lists });

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
      const { folder, signatures } = await newLists(context, app);
      const target = await scanTarget(context, app);
      const baseline = against === 'current' ? await listsInUse(app) : undefined;
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
