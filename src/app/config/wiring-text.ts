/** The configuration for people: the wiring as a tree, and every setting with where it came from. */
import { loadBackend } from '../../storage/registry.ts';
import type { WiringNode } from '../../storage/wiring.ts';
import { type Configuration, isSecret } from './configuration.ts';
import { sectionDocs } from './describe.ts';
import { SECTION_NAMES } from './sections.ts';
import { describeUses } from './store-uses.ts';
import type { Value } from './values.ts';

const MASK = '********';
/** Names that say a secret even where a schema from outside forgot to. */
const SECRET_OPTION = /(SECRET|PASSWORD|TOKEN|KEY|DSN|CREDENTIAL)/;

function branch(node: WiringNode, prefix: string, isLast: boolean): string[] {
  const layers = node.layers.length > 0 ? ` in ${node.layers.join(', ')}` : '';
  const capabilities = node.capabilities ? [...node.capabilities].join(' ') : 'known when it is open';
  const own = `${prefix}${isLast ? '└─' : '├─'} ${node.name}: ${node.use}${layers} (${capabilities})`;
  const deeper = `${prefix}${isLast ? '   ' : '│  '}`;
  return [own, ...node.children.flatMap((child, i) => branch(child, deeper, i === node.children.length - 1))];
}

/** `scheme://user:password@host` without the password. */
const withoutPassword = (text: string): string => text.replace(/(:\/\/[^/:@\s]*:)[^/@\s]+@/g, `$1${MASK}@`);

/** Keys of store and queue options that their schemas call secret. */
async function secretOptions({ stores, queue, cwd }: Configuration): Promise<ReadonlySet<string>> {
  const secrets = new Set<string>();
  const add = (schema: object, label: (key: string) => string): void => {
    for (const key of Object.keys(schema)) if (isSecret(schema, key)) secrets.add(label(key));
  };
  for (const { use, label } of stores.values())
    add((await loadBackend(use, cwd, label('use'))).schema, label);
  add(queue.backend.schema, queue.label);
  return secrets;
}

async function settingLines(configuration: Configuration): Promise<string[]> {
  const { values } = configuration.gathered;
  const secrets = await secretOptions(configuration);
  const fixed = SECTION_NAMES.flatMap(sectionDocs);
  const known = new Set(fixed.flatMap(({ key, secret }) => (secret ? [key, `${key}_FILE`] : [key])));
  const line = (key: string, value: Value | undefined, fallback: string, secret: boolean): string => {
    const text = value?.text ?? fallback;
    const shown = secret && text !== '' ? MASK : withoutPassword(text);
    return `${key}=${shown}  (${value ? value.from : 'default'})`;
  };
  const own = fixed.map(({ key, default: fallback, secret }) => {
    const given = [...values].filter(([name]) => name === key || (secret && name === `${key}_FILE`));
    return line(key, given.at(-1)?.[1], fallback, secret);
  });
  const rest = [...values]
    .filter(([key]) => !known.has(key))
    .map(([key, value]) => line(key, value, '', secrets.has(key) || SECRET_OPTION.test(key)));
  return [...own, ...rest].sort();
}

/** What `auxilio config` prints. Rejects with `SettingsError` when the wiring cannot be read. */
export async function wiringText(configuration: Configuration): Promise<string> {
  const trees = (await describeUses(configuration)).flatMap(({ use, node }) => [
    use.label,
    ...branch(node, '', true),
  ]);
  const files = configuration.gathered.files.map((file) => `  ${file}`);
  return [
    'Wiring',
    '',
    ...trees,
    '',
    'Files, later ones win',
    ...files,
    '',
    'Settings',
    '',
    ...(await settingLines(configuration)),
  ].join('\n');
}
