import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { byteText } from '../../src/app/byte-text.ts';
import { rateValue, sampleValue } from '../../src/app/command-values.ts';
import { progressView } from '../../src/app/progress.ts';
import { EMPTY_TALLY, type Tally } from '../../src/storage/transfer/receipt.ts';

const tally = (crashes: number): Tally => ({
  ...EMPTY_TALLY,
  counts: { ...EMPTY_TALLY.counts, crashes, bytes: crashes * 1024 },
});

function stream(isTTY: boolean) {
  const written: string[] = [];
  const out = new PassThrough();
  out.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const terminal = Object.assign(out, {
    isTTY,
    columns: 200,
    rows: 40,
    cursorTo: () => true,
    clearLine: () => true,
  });
  return {
    stream: terminal as unknown as NodeJS.WriteStream,
    text: () => stripVTControlCharacters(written.join('')),
  };
}

function run(isTTY: boolean): string {
  const { stream: out, text } = stream(isTTY);
  const view = progressView(out);
  for (let done = 1; done <= 4; done += 1)
    view.crash({ day: '2026-11-21', listed: 4, done, tally: tally(done) });
  view.line('a difference');
  view.day('2026-11-21', tally(4));
  view.day('2026-11-22', tally(4));
  view.end();
  view.end();
  return text();
}

describe('progress', () => {
  it('is a bar on a terminal, and a line for each day elsewhere', () => {
    expect(run(true)).toMatch(/2026-11-21 \[.*\] \d\/4 crashes, [\d.]+\/s, .* KB, 0 differences, .* left/);
    const lines = run(false).trim().split('\n');
    expect(lines).toEqual(['a difference', '2026-11-21 done; so far 4 crashes, 4.0 KB, 0 differences']);
  });
});

describe('values of options', () => {
  it('rates: crashes or bytes a second', () => {
    expect(rateValue('--rate', undefined)).toBeUndefined();
    expect(rateValue('--rate', '50')).toEqual({ per: 'crash', second: 50 });
    expect(rateValue('--rate', '0.5/s')).toEqual({ per: 'crash', second: 0.5 });
    expect(rateValue('--rate', '20MB/s')).toEqual({ per: 'byte', second: 20 * 1024 ** 2 });
    for (const bad of ['', '0', '-1', 'fast', '20 parsecs', 'NaN', '1e999'])
      expect(() => rateValue('--rate', bad), bad).toThrow(/--rate/);
  });

  it('samples: a percentage or a number', () => {
    expect(sampleValue('--sample', undefined)).toBeUndefined();
    expect(sampleValue('--sample', '2.5%')).toEqual({ percent: 2.5 });
    expect(sampleValue('--sample', '1000')).toEqual({ count: 1000 });
    for (const bad of ['', '0', '0%', '101%', '-5', '5 %', '1.5'])
      expect(() => sampleValue('--sample', bad), bad).toThrow(/--sample/);
  });

  it('bytes for people', () => {
    expect([0, 1, 1023, 1024, 1536, 1024 ** 3, 5 * 1024 ** 6].map(byteText)).toEqual([
      '0 B',
      '1 B',
      '1023 B',
      '1.0 KB',
      '1.5 KB',
      '1.0 GB',
      '5120.0 PB',
    ]);
  });
});
