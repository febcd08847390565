/**
 * A push scanner for multipart bodies (RFC 2046 §5.1, RFC 7578). It finds delimiters with `Buffer.indexOf`, hands
 * out slices of the chunks it is given and holds back at most one delimiter's length of a part's bytes,
 * or one part header. Differential fuzzing against busboy: test/collector/multipart-fuzz.test.ts.
 *
 * The end of the first delimiter line decides how lines end in this body: CRLF, or LF alone as scripts write it.
 * Transport padding after a delimiter, folded headers, a preamble and an epilogue are accepted.
 */
import { MultipartError } from './multipart-error.ts';
import { type PartHead, parsePartHead } from './part-head.ts';

export interface MultipartEvents {
  /** A part begins. Its bytes and its end follow. */
  part(head: PartHead): void;
  /** Its header was larger than the cap: no `data` and no `end` come for it. */
  oversizedHeader(): void;
  /** A slice of the chunk being written, never empty. */
  data(bytes: Buffer): void;
  end(): void;
}

type State = 'preamble' | 'delimiter' | 'head' | 'body' | 'skip' | 'epilogue';

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;
const NOTHING = Buffer.alloc(0);
/** Longest run of blanks after a delimiter; RFC 2046 names no limit. */
const MAX_PADDING = 128;

export class MultipartScanner {
  readonly #events: MultipartEvents;
  readonly #maxHeader: number;
  readonly #boundary: Buffer;
  #state: State = 'preamble';
  #started = false;
  /** What cannot be decided before more bytes come. */
  #held: Buffer = NOTHING;
  /** Line end + `--` + boundary. */
  #needle: Buffer;
  #blankLine: Buffer = NOTHING;
  /** Bytes of the blank line's end still to be left out: it may be the line end of a delimiter (empty part). */
  #lead = 0;

  constructor(boundary: string, events: MultipartEvents, options: { readonly maxHeaderBytes: number }) {
    this.#events = events;
    this.#maxHeader = options.maxHeaderBytes;
    this.#boundary = Buffer.from(`--${boundary}`, 'latin1');
    this.#needle = Buffer.concat([Buffer.from('\n'), this.#boundary]);
  }

  /** True after the closing delimiter; the rest is epilogue. */
  get complete(): boolean {
    return this.#state === 'epilogue';
  }

  /** Calls the events that this chunk leads to. Throws `MultipartError`; the scanner is of no use after it. */
  write(chunk: Buffer): void {
    if (this.#state === 'epilogue' || chunk.length === 0) return;
    let position = this.#started ? 0 : this.#start(chunk);
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    while (position < data.length) {
      const next = this.#step(data, position);
      if (next < 0) return;
      position = next;
    }
  }

  /** A delimiter may open the body, without a line end before it: one is put there unless the chunk says enough. */
  #start(chunk: Buffer): number {
    this.#started = true;
    if (
      chunk.length >= this.#boundary.length &&
      chunk.compare(this.#boundary, 0, undefined, 0, this.#boundary.length) === 0
    ) {
      this.#state = 'delimiter';
      return this.#boundary.length;
    }
    this.#held = Buffer.from('\n');
    return 0;
  }

  /** No more bytes. Throws `MultipartError` when the closing delimiter has not come. */
  end(): void {
    if (this.#state !== 'epilogue') throw new MultipartError('the body ends before its closing delimiter');
  }

  /** Where to go on, or -1 when more bytes are needed (or none matter any more). */
  #step(data: Buffer, position: number): number {
    if (this.#state === 'delimiter') return this.#delimiter(data, position);
    if (this.#state === 'head') return this.#head(data, position);
    if (this.#state === 'epilogue') return -1;
    return this.#body(data, position);
  }

  #hold(data: Buffer, position: number): -1 {
    // A copy: a slice of a few bytes would keep the whole chunk in memory.
    this.#held = position < data.length ? Buffer.from(data.subarray(position)) : NOTHING;
    return -1;
  }

  /** Preamble, body or skipped part: everything up to the next delimiter. */
  #body(data: Buffer, position: number): number {
    const found = data.indexOf(this.#needle, position);
    if (found >= 0) {
      this.#emit(data, position, found);
      if (this.#state === 'body') this.#events.end();
      this.#state = 'delimiter';
      return found + this.#needle.length;
    }
    const tail = this.#partialNeedle(data, position);
    this.#emit(data, position, tail);
    return this.#hold(data, tail);
  }

  #emit(data: Buffer, from: number, to: number): void {
    if (this.#state !== 'body' || to <= from) return;
    const start = from + this.#lead;
    this.#lead = 0;
    if (to > start) this.#events.data(data.subarray(start, to));
  }

  /** Where a delimiter may begin that this chunk does not finish; the chunk's length when nowhere. */
  #partialNeedle(data: Buffer, position: number): number {
    const first = this.#needle[0] as number;
    let at = data.indexOf(first, Math.max(position, data.length - this.#needle.length + 1));
    while (at >= 0) {
      const length = data.length - at;
      if (data.compare(this.#needle, 0, length, at) === 0) return at;
      at = data.indexOf(first, at + 1);
    }
    return data.length;
  }

  /** After a delimiter: `--`, or padding and the end of the line. */
  #delimiter(data: Buffer, position: number): number {
    if (data[position] === DASH) {
      if (position + 1 >= data.length) return this.#hold(data, position);
      if (data[position + 1] !== DASH) throw new MultipartError('a delimiter is not followed by a line end');
      this.#state = 'epilogue';
      return -1;
    }
    let at = position;
    while (data[at] === SPACE || data[at] === TAB) at += 1;
    if (at - position > MAX_PADDING) throw new MultipartError('too many blanks after a delimiter');
    if (at >= data.length || (data[at] === CR && at + 1 >= data.length)) return this.#hold(data, position);
    const crlf = data[at] === CR && data[at + 1] === LF;
    if (!crlf && data[at] !== LF) throw new MultipartError('a delimiter is not followed by a line end');
    if (this.#blankLine.length === 0) this.#chooseLineEnd(crlf);
    else if (crlf !== (this.#blankLine.length === 4)) throw new MultipartError('line ends are mixed');
    this.#state = 'head';
    // The line end stays: with the next one it is the blank line of a part without headers.
    return at;
  }

  #chooseLineEnd(crlf: boolean): void {
    const lineEnd = Buffer.from(crlf ? '\r\n' : '\n');
    this.#needle = Buffer.concat([lineEnd, this.#boundary]);
    this.#blankLine = Buffer.concat([lineEnd, lineEnd]);
  }

  #head(data: Buffer, position: number): number {
    const found = data.indexOf(this.#blankLine, position);
    const length = (found < 0 ? data.length : found) - position;
    if (length > this.#maxHeader) {
      this.#state = 'skip';
      this.#events.oversizedHeader();
      return position;
    }
    if (found < 0) return this.#hold(data, position);
    const lineEnd = this.#blankLine.length / 2;
    this.#events.part(parsePartHead(data.subarray(position + lineEnd, Math.max(found, position + lineEnd))));
    this.#state = 'body';
    this.#lead = lineEnd;
    return found + lineEnd;
  }
}
