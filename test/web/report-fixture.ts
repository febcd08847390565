/** A processed crash with three threads, and where texts stand on a page. */
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import { idOf } from './site-fixture.ts';

export const ID = idOf(1);

export const stack = (names: readonly string[]) => ({
  frames: names.map((name, frame) => ({ frame, function: name, module: 'app' })),
});

export const crash = (rest: Partial<ProcessedCrash> = {}): ProcessedCrash => ({
  id: ID,
  signature: 'foo | bar',
  crashing_thread: 1,
  json_dump: {
    status: 'OK',
    crash_info: { crashing_thread: 1 },
    threads: [
      stack(['main_top']),
      { ...stack(['crash_top', 'crash_below']), thread_name: 'Worker' },
      stack(['third_top']),
    ],
  },
  ...rest,
});

export const order = (body: string, ...texts: readonly string[]): readonly number[] =>
  texts.map((text) => body.indexOf(text));
