import { codePoints, firstCodePoints, printableAscii, strip } from '../python-text.ts';
import { contains, iterate, noAttribute, truthy } from '../python-values.ts';
import { defineSignatureRule } from '../rule.ts';

const LONGEST = 80;
const MARK = '###!!! ABORT:';
const FONT = 'unable to find a usable font';

/** Without what differs from build to build and from language to language. */
function essence(message: string): string {
  let text = message;
  const mark = text.indexOf(MARK);
  if (mark >= 0) text = text.slice(mark + MARK.length);
  const file = text.indexOf(': file ');
  if (file >= 0) text = text.slice(0, file);
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  // The brackets hold the message again in the user's language; a `)` before the first `(` doubles what lies
  // between, as it always has.
  if (text.includes(FONT) && open >= 0 && close >= 0) text = text.slice(0, open) + text.slice(close + 1);
  return strip(printableAscii(text));
}

/** Of a list: its items that are one character each. No program sends such a message. */
function charactersOf(message: unknown): string {
  for (const text of [MARK, ': file ']) if (contains(message, text)) throw noAttribute(message, 'split');
  if (contains(message, FONT)) throw noAttribute(message, 'find');
  const isCharacter = (item: unknown): boolean => typeof item === 'string' && codePoints(item) === 1;
  return strip(printableAscii(iterate(message).filter(isCharacter).join('')));
}

const shorten = (text: string): string =>
  codePoints(text) > LONGEST ? `${firstCodePoints(text, LONGEST - 3)}...` : text;

/** `Abort | message | …`. */
export default defineSignatureRule({
  name: 'AbortSignature',
  doc: '`Abort | message | …`: the message that the program aborted with',
  after: ['OOMSignature'],
  when: ({ data }) => truthy(data.abort_message),
  run(context) {
    const message: unknown = context.data.abort_message;
    // `###!!! ABORT: file …`: where it was, and not a word of why.
    if (contains(message, '###!!! ABORT: file ')) {
      context.setSignature(`Abort | ${context.signature}`);
      return;
    }
    const text = typeof message === 'string' ? essence(message) : charactersOf(message);
    context.setSignature(`Abort | ${shorten(text)} | ${context.signature}`);
  },
});
