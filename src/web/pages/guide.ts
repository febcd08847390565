/** How to send a crash. */
import type { Sample } from '../sample-crash.ts';
import { type Page, tokenField } from './layout.ts';
import { html, type Markup } from './markup.ts';

export interface GuideParts {
  readonly collectorUrl: string;
  readonly sample: Sample | undefined;
  readonly formToken: string;
}

/** One argument for a POSIX shell. */
const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Pasted as it is, it sends the sample; works in any shell. */
export function curlCommand(sample: Sample | undefined, url: string): string {
  const annotations = Object.entries(sample?.annotations ?? { ProductName: 'MyApp', Version: '1.0' });
  const lines = annotations.map(([name, value]) => `--form-string ${quote(`${name}=${value}`)}`);
  const dump = sample?.gzipped
    ? `-F 'upload_file_minidump=@-;filename=sample.dmp'`
    : `-F ${quote(`upload_file_minidump=@${sample?.dump ?? 'crash.dmp'}`)}`;
  const before = sample?.gzipped ? `gunzip -c ${quote(sample.dump)} | ` : '';
  return `${before}curl ${[...lines, dump, quote(url)].join(' \\\n  ')}`;
}

const block = (title: string, text: string): Markup =>
  html`<h3>${title}</h3><pre class="code" tabindex="0"><code>${text}</code></pre>`;

const electron = (url: string): string => `const { crashReporter } = require('electron');

crashReporter.start({
  submitURL: ${JSON.stringify(url)},
  productName: 'MyApp',
  uploadToServer: true,
  compress: true,
});`;

const crashpad = (url: string): string => `crashpad::CrashpadClient client;
client.StartHandler(handler, database, metrics, ${JSON.stringify(url)},
                    {{"ProductName", "MyApp"}, {"Version", "1.0"}},
                    {"--no-rate-limit"}, /*restartable=*/true,
                    /*asynchronous_start=*/false);`;

const breakpad = (url: string): string => `minidump_upload -p MyApp -v 1.0 crash.dmp ${url}`;

/** The button; nothing when the installation came without a sample. */
const sampleButton = (parts: GuideParts): Markup =>
  parts.sample
    ? html`<form method="post" action="/sample" class="sample">${tokenField(parts.formToken)}
<button class="primary">Send the sample crash</button>
<span class="note">It goes through the collector like any other and opens its report.</span></form>`
    : html`<p class="note">This installation came without the bundled sample crash.</p>`;

export const guide = (parts: GuideParts): Markup => html`<section class="guide">
${sampleButton(parts)}
${block('From a shell', curlCommand(parts.sample, parts.collectorUrl))}
${block('Electron', electron(parts.collectorUrl))}
${block('Crashpad', crashpad(parts.collectorUrl))}
${block('Breakpad', breakpad(parts.collectorUrl))}
<p>Stacks have names and lines where the processor finds symbols, laid out <code>NAME/DEBUGID/NAME.sym</code>: <code>SYMBOL_PATHS</code> names folders, <code>SYMBOL_URLS</code> servers.</p>
</section>`;

export const guidePage = (parts: GuideParts): Page => ({
  title: 'Send crashes',
  body: html`<h1>Send crashes</h1>
<p>The collector takes what Breakpad, Crashpad, Electron and Firefox send, at <code>${parts.collectorUrl}</code>.</p>
${guide(parts)}`,
});
