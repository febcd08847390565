/**
 * HTML by tagged templates that escape every value. `ghtml` escapes; what it returns is a string like any other,
 * so its result is wrapped here: only `Markup` goes in unescaped, and a template that ends in `!` before a value
 * does not switch escaping off by accident, as it would with `ghtml` alone. Test: "a bang before a value".
 */
import { html as ghtml } from 'ghtml';

/** HTML that is safe to send. Made by `html` alone. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type Value = Markup | string | number | boolean | null | undefined | readonly Value[];

/**
 * Characters that a reader cannot see or that turn the text around them: C0 and C1 controls except tab and line
 * feed, marks and overrides of writing direction, zero-width characters, lone surrogates. A hostile module name
 * `photo‮gpj.exe` would be shown as `photoexe.jpg`. Test: "shows what cannot be seen".
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/gu;

/** Text with its unseen characters as `[U+202E]`. */
export const visible = (text: string): string =>
  text.replace(
    UNSEEN,
    (c) => `[U+${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`,
  );

/** Text as HTML, for element content and quoted attributes. */
export const escapeText = (text: string): string => ghtml`${visible(text)}`;

function render(value: Value): string {
  if (value instanceof Markup) return value.toString();
  if (value === null || value === undefined || value === false || value === true) return '';
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}

/** Escapes each value; arrays are joined; null, undefined and booleans are nothing. */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = literals[0] ?? '';
  for (const [index, value] of values.entries()) text += render(value) + (literals[index + 1] ?? '');
  return new Markup(text);
}
