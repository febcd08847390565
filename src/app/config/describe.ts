/** Settings for people: `--help` of each service, and the generated reference page. */

import { SECTIONS, type SectionName, settingKey } from './sections.ts';

export interface SettingDoc {
  readonly key: string;
  readonly doc: string;
  readonly format: string;
  readonly default: string;
  readonly secret: boolean;
}

interface SchemaEntry {
  readonly doc?: string;
  readonly format?: unknown;
  readonly default?: unknown;
  readonly sensitive?: boolean;
}

function formatName(format: unknown): string {
  if (Array.isArray(format)) return format.join(' | ');
  if (typeof format === 'function') return format.name.toLowerCase();
  return typeof format === 'string' ? format : 'text';
}

const BYTE_UNITS: readonly (readonly [number, string])[] = [
  [1024 ** 3, 'GB'],
  [1024 ** 2, 'MB'],
  [1024, 'KB'],
];
const TIME_UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
];

function inUnits(value: number, units: readonly (readonly [number, string])[]): string {
  const unit = value === 0 ? undefined : units.find(([size]) => value % size === 0);
  return unit ? `${value / unit[0]}${unit[1]}` : String(value);
}

function defaultText(entry: SchemaEntry): string {
  const value = entry.default;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  if (entry.format === 'bytes' && typeof value === 'number') return inUnits(value, BYTE_UNITS);
  if (entry.format === 'duration' && typeof value === 'number') return inUnits(value, TIME_UNITS);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The settings of any schema; `toKey` gives the name that people set. */
export function docsOf(schema: object, toKey: (key: string) => string): SettingDoc[] {
  return Object.entries(schema as Readonly<Record<string, SchemaEntry>>).map(([key, entry]) => ({
    key: toKey(key),
    doc: entry.doc ?? '',
    format: formatName(entry.format),
    default: defaultText(entry),
    secret: entry.sensitive === true,
  }));
}

export const sectionDocs = (section: SectionName): SettingDoc[] =>
  docsOf(SECTIONS[section], (key) => settingKey(section, key));

/** `WEB_PORT` is `--web-port`. */
export const optionOf = (key: string): string => `--${key.toLowerCase().replaceAll('_', '-')}`;

/** For `--help`: one setting per line as an option, with its default. Empty when there are no sections. */
export function describeSettings(sections: readonly SectionName[]): string {
  const lines = sections.flatMap(sectionDocs).map((setting) => {
    const shown = setting.default === '' ? '' : ` (default: ${setting.default})`;
    return `  ${optionOf(setting.key).padEnd(34)} ${setting.doc}${shown}`;
  });
  return lines.join('\n');
}
