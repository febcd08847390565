/** The head of one form part. */
import { isUtf8 } from 'node:buffer';
import { parseHeaderValue } from './header-parameters.ts';
import { MultipartError } from './multipart-error.ts';

export interface PartHead {
  readonly name?: string | undefined;
  readonly filename?: string | undefined;
  /** Type and subtype, lower case; `text/plain` when the part has none. */
  readonly contentType: string;
  readonly charset?: string | undefined;
}

const FOLDED = /\r?\n[ \t]+/g;

/**
 * Clients send the same few dozen heads in every upload; parsing them was a fifth of the scanner's time
 * (bench/collector.ts). Emptied when full, so that made-up names cost no more than the parsing they need anyway.
 */
const known = new Map<string, PartHead>();
const KNOWN_HEADS = 2000;
const KNOWN_BYTES = 300;

/** The lines between a delimiter and the blank line. Throws `MultipartError` for a line that is no header. */
export function parsePartHead(bytes: Buffer): PartHead {
  const latin1 = bytes.toString('latin1');
  if (bytes.length > KNOWN_BYTES) return parse(textOf(bytes, latin1));
  let head = known.get(latin1);
  if (!head) {
    head = parse(textOf(bytes, latin1));
    if (known.size >= KNOWN_HEADS) known.clear();
    known.set(latin1, head);
  }
  return head;
}

const textOf = (bytes: Buffer, latin1: string): string => (isUtf8(bytes) ? bytes.toString('utf8') : latin1);

function parse(text: string): PartHead {
  let name: string | undefined;
  let filename: string | undefined;
  let contentType = 'text/plain';
  let charset: string | undefined;
  for (const line of text.replace(FOLDED, ' ').split('\n')) {
    const trimmed = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (trimmed === '') continue;
    const colon = trimmed.indexOf(':');
    if (colon < 1) throw new MultipartError('a line of a part header has no name');
    const header = trimmed.slice(0, colon).toLowerCase();
    if (header === 'content-disposition') {
      const { parameters } = parseHeaderValue(trimmed.slice(colon + 1));
      name = parameters.get('name');
      filename = parameters.get('filename');
    } else if (header === 'content-type') {
      const { value, parameters } = parseHeaderValue(trimmed.slice(colon + 1));
      if (value !== '') contentType = value;
      charset = parameters.get('charset');
    }
  }
  return { name, filename, contentType, charset };
}
