/** Every setting is also an option: `--web-port 9000` is WEB_PORT=9000 for this run. */
import { SettingsError } from '../../lib/settings.ts';
import { isSettingKey } from './configuration.ts';
import { SECTION_NAMES, SECTIONS, settingKey } from './sections.ts';

export interface SplitArguments {
  /** By upper-case key. */
  readonly settings: ReadonlyMap<string, string>;
  /** What is left for the commands. */
  readonly rest: readonly string[];
}

const SWITCHES: ReadonlySet<string> = new Set(
  SECTION_NAMES.flatMap((section) =>
    Object.entries(SECTIONS[section] as Readonly<Record<string, { format?: unknown }>>)
      .filter(([, setting]) => setting.format === Boolean)
      .map(([key]) => settingKey(section, key)),
  ),
);

/** Takes the settings out of the arguments. `--` ends the options, as everywhere. */
export function splitSettings(argv: readonly string[]): SplitArguments {
  const settings = new Map<string, string>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] as string;
    if (word === '--') return { settings, rest: [...rest, ...argv.slice(i)] };
    const [option = '', inline] = splitOnce(word);
    const key = option.slice(2).replaceAll('-', '_').toUpperCase();
    if (!option.startsWith('--') || !isSettingKey(key)) rest.push(word);
    else if (inline !== undefined) settings.set(key, inline);
    else if (SWITCHES.has(key)) settings.set(key, 'true');
    else {
      i += 1;
      const value = argv[i];
      if (value === undefined) throw new SettingsError(`${option} needs a value`);
      settings.set(key, value);
    }
  }
  return { settings, rest };
}

function splitOnce(word: string): [string, string?] {
  const at = word.indexOf('=');
  return at < 0 || !word.startsWith('--') ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
