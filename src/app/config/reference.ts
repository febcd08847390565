/** The reference page of all settings, from the schemas. */
import { loadQueueBackend, QUEUES } from '../../queue/registry.ts';
import { layersSchema } from '../../storage/layers/wrap.ts';
import { loadBackend, registeredStores } from '../../storage/registry.ts';
import { packageRoot } from '../package-root.ts';
import { docsOf, type SettingDoc, sectionDocs } from './describe.ts';
import { SECTION_NAMES, type SectionName } from './sections.ts';

const TITLES: Readonly<Record<SectionName, string>> = {
  app: 'The program',
  collector: 'Collector',
  spool: 'Spool',
  processor: 'Processor',
  signature: 'Signatures',
  socorro: 'Another server',
  symbols: 'Stack walks and symbols',
  web: 'Web site',
  crontabber: 'Crontabber',
  job: 'Jobs',
  database: 'Database',
  notify: 'Alerts',
};

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(settings: readonly SettingDoc[]): string[] {
  if (settings.length === 0) return ['No settings.', ''];
  return [
    '| key | meaning | format | default |',
    '|---|---|---|---|',
    ...settings.map(({ key, doc, format, default: value, secret }) => {
      const shown = value === '' ? '' : `\`${escapeCell(value)}\``;
      return `| \`${key}\` | ${escapeCell(doc)}${secret ? ` (secret: also \`${key}_FILE\`)` : ''} | ${escapeCell(format)} | ${shown} |`;
    }),
    '',
  ];
}

const INTRODUCTION = `# Settings

Generated from the schemas by \`auxilio config --reference\`; a test fails when it is stale.

Command line > environment > ENV files > the defaults below. On the command line \`COLLECTOR_PORT\` is \`--collector-port\`.
In the environment every key may also be written with \`AUXILIO_\` in front, which wins over the plain one; a secret may be
given as the path of a file that holds it, in \`KEY_FILE\`. ENV files: \`AUXILIO_ENV_FILES\` (comma-separated; default
\`config/embedded.env\`, then \`config/my.env\` where it exists), or \`--config FILE…\`; \`AUXILIO_CONFIG_DIR\` is a folder
whose \`*.env\` files are read after them. A misspelt key is an error. Variables that a container platform injects for its
services (\`COLLECTOR_PORT=tcp://…\`, \`*_SERVICE_HOST\`) are ignored with a note.

Sizes are like \`64MB\` (powers of 1024), times like \`250ms\`, \`30s\`, \`5m\`, \`1d\`, lists are comma-separated.
`;

/** Markdown. */
export async function configReference(): Promise<string> {
  const lines = [INTRODUCTION];
  for (const section of SECTION_NAMES)
    lines.push(`## ${TITLES[section]}`, '', ...table(sectionDocs(section)));
  lines.push(
    '## Queue',
    '',
    `\`QUEUE_USE\` is one of ${[...QUEUES.keys()].map((name) => `\`${name}\``).join(', ')}, or the path of a module.`,
    '',
  );
  for (const name of QUEUES.keys()) {
    const { schema } = await loadQueueBackend(name, packageRoot);
    lines.push(`### ${name}`, '', ...table(docsOf(schema, (key) => `QUEUE_${key.toUpperCase()}`)));
  }
  lines.push(
    '## Stores',
    '',
    'A store `x` is defined by `STORE_X_USE` (a name below, the path of a module, or a package) and its options. Every store also takes the settings of the layers.',
    '',
  );
  lines.push('### Layers', '', ...table(docsOf(layersSchema, (key) => `STORE_X_${key.toUpperCase()}`)));
  for (const name of registeredStores) {
    const { schema } = await loadBackend(name, packageRoot, 'STORE_X_USE');
    lines.push(`### ${name}`, '', ...table(docsOf(schema, (key) => `STORE_X_${key.toUpperCase()}`)));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
