import { describe, expect, it } from 'vitest';
import { parseHeaderValue } from '../../src/collector/protocols/breakpad/header-parameters.ts';
import { MultipartScanner } from '../../src/collector/protocols/breakpad/multipart.ts';
import { parsePartHead } from '../../src/collector/protocols/breakpad/part-head.ts';
import { lines, split } from '../build/multipart.ts';

/** Parts as `name=content`; `!` stands for a part with an oversized header. */
function scan(body: Buffer | string, { size = 1e9, maxHeaderBytes = 200 } = {}): string[] {
  const seen: string[] = [];
  let current = '';
  const events = {
    part: (head: { readonly name?: string | undefined }) => {
      current = `${head.name ?? '?'}=`;
    },
    oversizedHeader: () => seen.push('!'),
    data: (bytes: Buffer) => {
      current += bytes.toString('latin1');
    },
    end: () => seen.push(current),
  };
  const scanner = new MultipartScanner('b', events, { maxHeaderBytes });
  for (const chunk of split(Buffer.from(body as string), [size])) scanner.write(chunk);
  scanner.end();
  return seen;
}

const A = 'Content-Disposition: form-data; name="a"';

describe('multipart scanner', () => {
  const cases: readonly (readonly [string, Buffer | string, readonly string[]])[] = [
    ['preamble and epilogue', lines('hello', '--b', A, '', '1', '--b--', 'bye', '--b', A), ['a=1']],
    ['padding after delimiters', lines('--b \t', A, '', '1', '--b   ', A, '', '2', '--b--'), ['a=1', 'a=2']],
    ['a part without headers', lines('--b', '', '1', '--b--'), ['?=1']],
    ['a part without content', lines('--b', A, '', '', '--b--'), ['a=']],
    ['a part without even a blank line for its content', lines('--b', A, '', '--b--'), ['a=']],
    ['no part', lines('--b--'), []],
    ['lines that end in LF alone', `--b\n${A}\n\n1\r\n--b\n${A}\n\n2\n--b--\n`, ['a=1\r', 'a=2']],
    ['LF before a boundary in a CRLF body is content', lines('--b', A, '', '1\n--b', '--b--'), ['a=1\n--b']],
    [
      'folded headers',
      lines('--b', 'Content-Disposition: form-data;', '\tname="a"', '', '1', '--b--'),
      ['a=1'],
    ],
    [
      'headers in any case',
      lines('--b', 'CONTENT-DISPOSITION: FORM-DATA; NAME=a', '', '1', '--b--'),
      ['a=1'],
    ],
    [
      'an oversized header costs its part alone',
      lines('--b', A, '', '1', '--b', `X: ${'x'.repeat(300)}`, A, '', '2', '--b', A, '', '3', '--b--'),
      ['a=1', '!', 'a=3'],
    ],
  ];
  for (const [title, body, expected] of cases) {
    it(`accepts ${title}, in one chunk and byte by byte`, () => {
      expect(scan(body)).toEqual(expected);
      expect(scan(body, { size: 1 })).toEqual(expected);
    });
  }

  const refused: readonly (readonly [string, Buffer | string])[] = [
    ['an empty body', ''],
    ['a body without its boundary', 'hello'],
    ['a body without its closing delimiter', lines('--b', A, '', '1')],
    ['a closing delimiter cut in the middle', lines('--b', A, '', '1', '--b-')],
    ['a delimiter followed by something else', lines('--b', A, '', '1', '--bx', '--b--')],
    ['a single dash after a delimiter', lines('--b', A, '', '1', '--b-x', '--b--')],
    ['a header line without a colon', lines('--b', 'nonsense', '', '1', '--b--')],
    ['a delimiter among headers', lines('--b', A, '--b', A, '', '1', '--b--')],
    ['line ends that change', `--b\r\n${A}\r\n\r\n1\r\n--b\n${A}\n\n2\r\n--b--`],
    ['a mile of blanks after a delimiter', `--b${' '.repeat(500)}\r\n`],
  ];
  for (const [title, body] of refused) {
    it(`refuses ${title}`, () => {
      expect(() => scan(body)).toThrow(expect.objectContaining({ name: 'MultipartError' }));
      expect(() => scan(body, { size: 1 })).toThrow(expect.objectContaining({ name: 'MultipartError' }));
    });
  }

  it('holds back no more than a delimiter', () => {
    let given = 0;
    const scanner = new MultipartScanner(
      'b',
      {
        part: () => undefined,
        oversizedHeader: () => undefined,
        data: (bytes) => {
          given += bytes.length;
        },
        end: () => undefined,
      },
      { maxHeaderBytes: 200 },
    );
    scanner.write(lines('--b', A, '', ''));
    for (let sent = 1; sent < 3000; sent += 1) {
      scanner.write(Buffer.from('\r'));
      expect(sent - given).toBeLessThanOrEqual('\r\n--b'.length);
    }
  });
});

describe('part headers', () => {
  const nameOf = (parameters: string): string | undefined =>
    parsePartHead(Buffer.from(`Content-Disposition: form-data; ${parameters}`)).name;

  it('reads quoted names', () => {
    expect(nameOf('name="a b"')).toBe('a b');
    expect(nameOf('name="a\\"b"')).toBe('a"b');
    expect(nameOf('name="a;b=c"')).toBe('a;b=c');
    expect(nameOf('name=a; filename="x"')).toBe('a');
    expect(nameOf('filename="x"; name="a"')).toBe('a');
    expect(nameOf('filename="name=\\"b\\""; name=a')).toBe('a');
    expect(nameOf('name=""')).toBe('');
    expect(nameOf('filename="x"')).toBeUndefined();
    expect(nameOf('name="ü"')).toBe('ü');
    const head = parsePartHead(
      Buffer.from('Content-Disposition: form-data; name="a"; filename="C:\\dumps\\a.dmp"'),
    );
    expect(head.filename).toBe('C:\\dumps\\a.dmp');
  });

  it('reads extended names', () => {
    const head = (text: string) =>
      parsePartHead(Buffer.from(`Content-Disposition: form-data; name=a; ${text}`));
    expect(head("filename=x; filename*=UTF-8''%c3%bc%20.dmp").filename).toBe('ü .dmp');
    expect(head("filename*=UTF-8'en'y; filename=x").filename).toBe('y');
    expect(head("filename=x; filename*=UTF-8''%ff").filename).toBe('x');
    expect(head("filename=x; filename*=nonsense''y").filename).toBe('x');
    expect(head('filename=x; filename*=y').filename).toBe('x');
  });

  it('reads names that are not UTF-8 as Latin-1', () => {
    expect(parsePartHead(Buffer.from('Content-Disposition: form-data; name="\xfc"', 'latin1')).name).toBe(
      'ü',
    );
  });

  it('finds a boundary anywhere and in quotes', () => {
    const boundary = (text: string) => parseHeaderValue(text).parameters.get('boundary');
    expect(boundary('multipart/form-data; boundary=b')).toBe('b');
    expect(boundary('Multipart/Form-Data; charset=utf-8; Boundary="b c"')).toBe('b c');
    expect(boundary('multipart/form-data;boundary=b;charset=x')).toBe('b');
    expect(boundary('multipart/form-data; boundary=')).toBe('');
    expect(boundary('multipart/form-data; xboundary=b')).toBeUndefined();
  });

  it('takes time in proportion to the header, whatever is in it', () => {
    for (const piece of [';', '; a', ';a="', '\\"', ';a=\\', ' \t', "='"]) {
      const text = `x;${piece.repeat(200_000 / piece.length)}`;
      expect(parseHeaderValue(text).value).toBe('x');
    }
  });
});
