/** What `signature` prints of each crash: for people, spreadsheets, bug trackers and programs. */
import { printable } from '../../lib/printable.ts';
import { explanationText } from '../../signature/explanation-text.ts';
import { repr } from '../../signature/python-values.ts';
import type { Signed } from './signed.ts';

export interface FormatOptions {
  /** With the debug log and what else there is. */
  readonly verbose: boolean;
}

/** Writes one crash after the other; each call gives the lines to print. */
export interface Format {
  begin(): readonly string[];
  crash(signed: Signed): readonly string[];
  end(): readonly string[];
}

const NONE: readonly string[] = [];
const python = (value: boolean): string => (value ? 'True' : 'False');
const NOT_RECORDED = 'how it was made was not recorded; --now explains it with the lists of today';
const INDENT = ' '.repeat(10);

const counted = (label: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0
    ? NONE
    : [
        `${`${label}:`.padEnd(INDENT.length)}(${lines.length})`,
        ...lines.map((line) => INDENT + printable(line)),
      ];

const explained = ({ explanation }: Signed): readonly string[] => {
  if (explanation === undefined) return NONE;
  return explanation === null ? [NOT_RECORDED] : explanationText(explanation).split('\n');
};

function textLines(signed: Signed, { verbose }: FormatOptions): readonly string[] {
  const { id, original, result, same, debug } = signed;
  const explanation = explained(signed);
  return [
    ...(id === undefined ? [] : [`Crash id: ${printable(id)}`]),
    ...(original === undefined ? [] : [`Original: ${printable(original)}`]),
    `New:      ${printable(result.signature)}`,
    ...(original === undefined ? [] : [`Same?:    ${python(same)}`]),
    ...counted('Notes', result.notes),
    ...(verbose ? counted('Debug', debug) : []),
    ...(verbose ? [`Extra:    ${JSON.stringify(result.extra)}`] : []),
    ...(explanation.length > 0 ? ['Explain:', ...explanation.map((line) => `${INDENT}${line}`)] : []),
  ];
}

function text(options: FormatOptions): Format {
  let first = true;
  return {
    begin: () => NONE,
    crash(signed) {
      const lines = textLines(signed, options);
      const between = first ? [] : [''];
      first = false;
      return [...between, ...lines];
    },
    end: () => NONE,
  };
}

const csvLine = (cells: readonly string[]): string =>
  cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');

const csv = (): Format => ({
  begin: () => [csvLine(['crashid', 'old', 'new', 'same?', 'notes'])],
  crash: ({ id, original, result, same }) => [
    csvLine([id ?? '', original ?? '', result.signature, python(same), repr(result.notes)]),
  ],
  end: () => NONE,
});

const code = (value: string): string => `\`${printable(value).replaceAll('`', '\\`')}\``;

function markdown({ verbose }: FormatOptions): Format {
  let first = true;
  const list = (label: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0
      ? NONE
      : [`**${label}:** (${lines.length})`, ...lines.map((line) => `* ${printable(line)}`)];
  return {
    begin: () => NONE,
    crash(signed) {
      const { id, page, original, result, same, debug } = signed;
      const explanation = explained(signed);
      const between = first ? [] : [''];
      first = false;
      return [
        ...between,
        ...(id === undefined
          ? []
          : [`**Crash id:** ${page === undefined ? printable(id) : `[${printable(id)}](${page})`}`]),
        ...(original === undefined ? [] : [`**Original:** ${code(original)}`]),
        `**New:** ${code(result.signature)}`,
        ...(original === undefined ? [] : [`**Same?:** ${python(same)}`]),
        ...list('Notes', result.notes),
        ...(verbose ? list('Debug', debug) : []),
        ...(explanation.length > 0 ? ['', ...explanation.map((line) => `    ${line}`)] : []),
      ];
    },
    end: () => NONE,
  };
}

function json({ verbose }: FormatOptions): Format {
  let first = true;
  return {
    begin: () => ['['],
    crash({ id, original, result, same, debug, explanation }) {
      const item = {
        crash_id: id ?? null,
        original: original ?? null,
        new: result.signature,
        same: original === undefined ? null : same,
        notes: result.notes,
        proto_signature: result.extra.proto_signature ?? null,
        ...(verbose && { debug, extra: result.extra }),
        ...(explanation !== undefined && { explanation }),
      };
      const comma = first ? '' : ',';
      first = false;
      return [comma + JSON.stringify(item, null, 2)];
    },
    end: () => [']'],
  };
}

const FORMATS: Readonly<Record<string, (options: FormatOptions) => Format>> = { text, csv, markdown, json };

export const FORMAT_NAMES = Object.keys(FORMATS);

/** Undefined when there is none of that name. */
export const formatNamed = (name: string, options: FormatOptions): Format | undefined =>
  Object.hasOwn(FORMATS, name) ? FORMATS[name]?.(options) : undefined;
