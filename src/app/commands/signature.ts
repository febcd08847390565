import { throwIfAborted } from '../../lib/abort.ts';
import { printable } from '../../lib/printable.ts';
import type { CrashId } from '../../model/crash-id.ts';
import { parseStoredId } from '../../model/crash-id.ts';
import type { Signatures } from '../../signature/generator.ts';
import type { App } from '../app.ts';
import { type CommandContext, defineCommand, UsageError } from '../command.ts';
import { fixedGenerator } from '../siglists/fixed-generator.ts';
import { signatureRules } from '../signature-rules.ts';
import { type CrashSource, openSource } from '../signing/crash-source.ts';
import { type ExplainMode, explain, type TextsOf } from '../signing/explain.ts';
import { FORMAT_NAMES, type Format, formatNamed } from '../signing/formats.ts';
import { listsText, listTexts } from '../signing/lists-in-use.ts';
import { pipelineText } from '../signing/pipeline-text.ts';
import { readCrashes } from '../signing/read-input.ts';
import { type SignOptions, type SomeCrash, sign } from '../signing/signed.ts';
import { SourceError } from '../signing/source-error.ts';
import { withApp } from '../with-app.ts';
import fetchData from './signature/fetch-data.ts';
import signify from './signature/signify.ts';

interface Found {
  readonly crash: SomeCrash;
  readonly id?: CrashId;
  readonly page?: string | undefined;
}

/** What has become of all of them. */
interface Counts {
  seen: number;
  failed: number;
  changed: number;
}

/** The original takes any name and prints text; here nobody is left to wonder why. */
function formatOf({ options, warn }: CommandContext): Format {
  const name = String(options['format']);
  const how = { verbose: options['verbose'] === true };
  const format = formatNamed(name, how);
  if (!format)
    warn(`WARNING: --format ${JSON.stringify(name)} is none of ${FORMAT_NAMES.join(', ')}; this is text`);
  return format ?? (formatNamed('text', how) as Format);
}

async function* words(context: CommandContext): AsyncGenerator<string> {
  if (context.args.length > 0) yield* context.args;
  else for await (const line of context.stdinLines()) if (line.trim()) yield line.trim();
}

/** Each id's crash; what cannot be had is said in a line, and counted. */
async function* byIds(context: CommandContext, source: CrashSource, counts: Counts): AsyncGenerator<Found> {
  const { signal, warn } = context;
  for await (const word of words(context)) {
    throwIfAborted(signal);
    counts.seen += 1;
    const id = parseStoredId(word);
    if (!id) {
      counts.failed += 1;
      warn(`WARNING: Error: ${printable(word)} is not a valid crash id`);
      continue;
    }
    try {
      yield { crash: await source.processed(id, { signal }), id, page: source.page(id) };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      counts.failed += 1;
      warn(`WARNING: ${id}: ${error.message}`);
      if (error.final) return;
    }
  }
}

/** A file without a crash in it is no question for help. */
const hasInput = ({ options }: CommandContext): boolean => typeof options['input'] === 'string';

async function* found(context: CommandContext, app: App, counts: Counts): AsyncGenerator<Found> {
  const { input, store } = context.options;
  if (typeof input !== 'string') {
    yield* byIds(context, await openSource(app, store), counts);
    return;
  }
  for (const crash of await readCrashes(context, input)) {
    counts.seen += 1;
    yield { crash };
  }
}

interface Making {
  readonly generator: Signatures;
  readonly sign: Pick<SignOptions, 'lists'>;
  readonly mode: ExplainMode;
  readonly textsOf: TextsOf;
}

async function printAll(
  context: CommandContext,
  crashes: AsyncIterable<Found>,
  making: Making,
  counts: Counts,
): Promise<void> {
  const format = formatOf(context);
  const print = (lines: readonly string[]): void => {
    for (const line of lines) context.print(line);
  };
  let begun = false;
  for await (const { crash, ...of } of crashes) {
    if (!begun) print(format.begin());
    begun = true;
    const signed = sign(making.generator, crash, { ...of, ...making.sign });
    if (!signed.same) counts.changed += 1;
    if (signed.same && context.options['differentOnly'] === true) continue;
    const explanation = await explain(making.mode, crash, signed, making.textsOf);
    print(format.crash({ ...signed, explanation }));
  }
  if (begun) print(format.end());
  else if (counts.seen > 0 || hasInput(context)) print([...format.begin(), ...format.end()]);
}

function modeOf({ options }: CommandContext): ExplainMode {
  if (options['explain'] !== true && options['now'] !== true) return undefined;
  if (options['format'] === 'csv')
    throw new UsageError('--explain goes with the formats text, markdown and json');
  return options['now'] === true ? 'now' : 'stored';
}

export default defineCommand({
  name: 'signature',
  summary: 'Make the signature of crashes again, with the lists as they are now, and say how it comes about',
  args: '[ids...]',
  sections: ['signature', 'socorro'],
  options: [
    { flags: '-v, --verbose', doc: 'with the debug log and the frames as they were compared' },
    {
      flags: '--format <format>',
      doc: `${FORMAT_NAMES.slice(0, -1).join(', ')} or ${FORMAT_NAMES.at(-1)}`,
      default: 'text',
    },
    { flags: '--different-only', doc: 'only the crashes whose signature is another than the stored one' },
    {
      flags: '--explain',
      doc: 'frame by frame, which line of which list decided when the stored signature was made',
    },
    { flags: '--now', doc: 'the same with the lists of today' },
    { flags: '--input <file>', doc: 'JSON of crash data or of processed crashes instead of ids; - is stdin' },
    {
      flags: '--store <expression>',
      doc: 'a store or a wiring expression; default is what the web site reads',
    },
    { flags: '--fail-on-change', doc: 'exit with 1 when a signature is another than the stored one' },
    { flags: '--doc', doc: 'print the rules that make a signature, in their order, and end' },
  ],
  examples: [
    'signature 0bba929f-8721-460c-8e70-a43c90261121',
    'signature bp-0bba929f-8721-460c-8e70-a43c90261121 https://crashes.example.org/report/index/0bba929f-8721-460c-8e70-a43c90261121',
    'signature 8f4d2f5e-c3d0-11f0-9c8e-fa163e993415   # an OOPS id, without a date',
    'auxilio store list 2026-11-21 | signature --different-only --format csv',
    'signature --explain 0bba929f-8721-460c-8e70-a43c90261121',
    'signature --signature-list-dir ./my-lists --fail-on-change < ids.txt',
    'signature --socorro-url https://crash-stats.mozilla.org 0bba929f-8721-460c-8e70-a43c90261121',
    'signature --input crash.json',
    'signature fetch-data 0bba929f-8721-460c-8e70-a43c90261121 | signature signify',
  ],
  subcommands: [fetchData, signify],
  async run(context) {
    const mode = modeOf(context);
    if (context.options['doc'] === true) {
      for (const line of pipelineText(await signatureRules(await context.configuration())))
        context.print(line);
      return 0;
    }
    return withApp(context, async (app) => {
      const { generator } = await fixedGenerator(app.configuration, undefined, { signal: context.signal });
      const counts: Counts = { seen: 0, failed: 0, changed: 0 };
      const textsOf: TextsOf = (digest) => listTexts(app, generator, digest);
      const making = { generator, sign: { lists: listsText(app) }, mode, textsOf };
      await printAll(context, found(context, app, counts), making, counts);
      if (counts.seen === 0 && !hasInput(context)) context.help();
      const changed = context.options['failOnChange'] === true && counts.changed > 0;
      return counts.failed > 0 || changed ? 1 : 0;
    });
  },
});
