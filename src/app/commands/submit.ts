import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { multipartBody } from '../../lib/multipart-writer.ts';
import { printable } from '../../lib/printable.ts';
import { openFile } from '../../lib/streams.ts';
import { MAIN_DUMP } from '../../model/main-dump.ts';
import { collectorUrl } from '../collector-url.ts';
import { type CommandContext, CommandError, defineCommand, UsageError } from '../command.ts';

interface Attachment {
  readonly name: string;
  readonly path: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function pair(text: string, what: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1 || (what === '--attach' && at === text.length - 1))
    throw new UsageError(
      `${what} is ${what === '--attach' ? 'NAME=FILE' : 'KEY=VALUE'}, not ${JSON.stringify(text)}`,
    );
  return [text.slice(0, at), text.slice(at + 1)];
}

async function checked(attachment: Attachment): Promise<Attachment & { readonly size: number }> {
  try {
    const file = await stat(attachment.path);
    if (file.isFile()) return { ...attachment, size: file.size };
  } catch (cause) {
    throw new CommandError(`${attachment.path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
  throw new CommandError(`${attachment.path} is not a file`);
}

async function target(context: CommandContext): Promise<string> {
  const { url } = context.options;
  if (typeof url === 'string') {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw new UsageError(`--url ${JSON.stringify(url)} is not an http or https URL`);
    return url;
  }
  const { collector } = (await context.configuration()).settings;
  return collectorUrl(collector, collector);
}

/** Posts a report the way clients do; answers what the collector said. */
async function post(
  url: string,
  body: ReturnType<typeof multipartBody>,
  signal: AbortSignal,
): Promise<Answer> {
  const { request } = await import('undici');
  try {
    const response = await request(url, {
      method: 'POST',
      signal,
      body: Readable.from(body.chunks()),
      headers: {
        'content-type': body.contentType,
        'user-agent': 'auxilio-submit',
        ...(body.length === undefined ? {} : { 'content-length': String(body.length) }),
      },
    });
    return { status: response.statusCode, text: (await response.body.text()).trim() };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${url} does not answer (${reason}); is the collector running?`, { cause });
  }
}

/** What a server that is no collector says may be a whole page. */
const SHOWN_CHARACTERS = 200;

function refusal(url: string, { status, text }: Answer): CommandError {
  const words = printable(text.replaceAll(/\s+/g, ' ').slice(0, SHOWN_CHARACTERS));
  const hint = status === 404 || status === 405 ? '; is the path /submit?' : '';
  return new CommandError(`${url} answered ${status}${words ? `: ${words}` : ''}${hint}`);
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  yield* (await openFile(path)) as AsyncIterable<Uint8Array>;
}

export default defineCommand({
  name: 'submit',
  summary: 'Send a minidump to a collector, as a crashed application would',
  args: '[file]',
  options: [
    { flags: '-a, --annotation <key=value>', doc: 'an annotation; may be given several times', many: true },
    {
      flags: '--attach <name=file>',
      doc: 'a further dump or attachment; may be given several times',
      many: true,
    },
    { flags: '--url <url>', doc: 'the collector; default is the one of this configuration' },
  ],
  examples: [
    'auxilio submit crash.dmp -a ProductName=Editor -a Version=1.2.0',
    'auxilio submit -a ProductName=Editor -a Version=1.2.0 --attach log=editor.log',
    'auxilio submit crash.dmp --url https://crashes.example.com/submit',
  ],
  async run(context) {
    const { annotation = [], attach = [] } = context.options as {
      annotation?: readonly string[];
      attach?: readonly string[];
    };
    const fields = annotation.map((text) => pair(text, '--annotation'));
    const named = attach.map((text) => pair(text, '--attach')).map(([name, path]) => ({ name, path }));
    const [file] = context.args;
    const files = await Promise.all(
      [...(file ? [{ name: MAIN_DUMP, path: file }] : []), ...named].map(checked),
    );
    if (files.length === 0 && fields.length === 0)
      throw new UsageError('give a dump, or at least one annotation (-a key=value)');
    // A crash without any annotation is malformed to every collector of this family.
    const values: readonly (readonly [string, string])[] =
      fields.length > 0 ? fields : [['ProductName', 'unknown']];
    const body = multipartBody([
      ...values.map(([name, value]) => ({ name, value })),
      ...files.map(({ name, path, size }) => ({
        name,
        filename: basename(path),
        size,
        chunks: () => chunksOf(path),
      })),
    ]);
    const url = await target(context);
    const answer = await post(url, body, context.signal);
    const isDiscarded = answer.text.startsWith('Discarded=');
    if (answer.status !== 200 && !isDiscarded) throw refusal(url, answer);
    context.print(answer.text);
    return isDiscarded ? 1 : 0;
  },
});
