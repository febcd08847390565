import { describe, expect, it } from 'vitest';
import { parsePythonJson } from '../../src/signature/python-json.ts';
import {
  codePoints,
  compareCodePoints,
  firstCodePoints,
  splitLines,
  strip,
} from '../../src/signature/python-text.ts';
import { int, repr, stripLeadingZeros } from '../../src/signature/python-values.ts';

const answer = (make: () => unknown): string => {
  try {
    return repr(make());
  } catch (error) {
    return `! ${(error as Error).message}`;
  }
};

// Each expectation is what Python 3.11 gives.
describe('json.loads', () => {
  it.each([
    ['{"a":1,}', '! Expecting property name enclosed in double quotes: line 1 column 8 (char 7)'],
    ['[1,]', '! Expecting value: line 1 column 4 (char 3)'],
    ['{"a"', "! Expecting ':' delimiter: line 1 column 5 (char 4)"],
    ['{"a":1 "b"}', "! Expecting ',' delimiter: line 1 column 8 (char 7)"],
    ['["', '! Unterminated string starting at: line 1 column 2 (char 1)'],
    ['["\\u12', '! Invalid \\uXXXX escape: line 1 column 4 (char 3)'],
    ['"\\u8800', '! Invalid \\uXXXX escape: line 1 column 3 (char 2)'],
    ['["\\x"]', '! Invalid \\escape: line 1 column 3 (char 2)'],
    ['["\n"]', '! Invalid control character at: line 1 column 3 (char 2)'],
    ['', '! Expecting value: line 1 column 1 (char 0)'],
    ['01', '! Extra data: line 1 column 2 (char 1)'],
    ['\ufeff1', '! Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)'],
    ['["😀", x]', '! Expecting value: line 1 column 7 (char 6)'],
    ['\n\n x', '! Expecting value: line 3 column 2 (char 3)'],
    [
      '[NaN, -Infinity, 1.0, 1e16, 1e-5, -0, -0.0, 5e-324]',
      '[nan, -inf, 1.0, 1e+16, 1e-05, 0, -0.0, 5e-324]',
    ],
    ['[123456789012345678901234567890, true, null]', '[123456789012345678901234567890, True, None]'],
    ['["it\'s", "\\u00e9\\u200b\\n\\ud83d\\ude00\\ud800"]', "[\"it's\", 'é\\u200b\\n😀\\ud800']"],
    ['{"__proto__": {"a": 1}}', "{'__proto__': {'a': 1}}"],
  ])('%j', (text, expected) => {
    expect(answer(() => parsePythonJson(text))).toBe(expected);
  });

  it('is stopped by depth, not by the stack', () => {
    expect(answer(() => parsePythonJson('['.repeat(100_000)))).toMatch(/^! maximum recursion depth exceeded/);
  });
});

describe('int', () => {
  it.each([
    [' 1_000 ', '1000'],
    ['٣𝟘', '30'],
    ['+5', '5'],
    ['1__0', "! invalid literal for int() with base 10: '1__0'"],
    ['', "! invalid literal for int() with base 10: ''"],
    [-1.9, '-1'],
    [true, '1'],
    [Number.NaN, '! cannot convert float NaN to integer'],
    [Number.POSITIVE_INFINITY, '! cannot convert float infinity to integer'],
    [[], "! int() argument must be a string, a bytes-like object or a real number, not 'list'"],
  ])('%j', (value, expected) => {
    expect(answer(() => int(value))).toBe(expected);
  });

  it('refuses what would take long', () => {
    expect(answer(() => int('9'.repeat(4301)))).toMatch(/^! Exceeds the limit \(4300 digits\)/);
  });

  it.each([
    ['0x0000000000032ec0', '0x32ec0'],
    ['0x0', '0x0'],
    ['cca7a987ec0b9', '0xcca7a987ec0b9'],
    ['0X0B', '0xb'],
    ['-0x_1F', '-0x1f'],
    ['0x', '0x'],
    ['zz', 'zz'],
  ])('hex(int(%j, 16)) is %j', (text, expected) => {
    expect(stripLeadingZeros(text)).toBe(expected);
  });
});

describe('str', () => {
  it('strips what isspace() says', () => {
    expect(strip('\x1c\x85\u3000 a\ufeff \u2028\x1f')).toBe('a\ufeff');
  });

  it('splits where splitlines() does', () => {
    expect(splitLines('a\r\nb\rc', 2)).toEqual(['a', 'b']);
    expect(splitLines('a\x1eb\x85', 9)).toEqual(['a', 'b']);
    expect(splitLines('\n', 9)).toEqual(['']);
    expect(splitLines('', 9)).toEqual([]);
  });

  it('counts and cuts code points', () => {
    expect(codePoints('a😀\ud800')).toBe(3);
    expect(firstCodePoints('😀😀😀', 2)).toBe('😀😀');
    expect(firstCodePoints('abc', 2)).toBe('ab');
  });

  it('orders by code point', () => {
    expect(['😀', '\uff5e', 'a'].sort(compareCodePoints)).toEqual(['a', '\uff5e', '😀']);
  });
});
