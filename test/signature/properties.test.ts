import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { toCrashData, trimSignatureInput } from '../../src/signature/convert.ts';
import type { CrashData } from '../../src/signature/crash-data.ts';
import { SignatureGenerator } from '../../src/signature/generator.ts';
import { loadLists } from '../../src/signature/list-folder.ts';
import type { SignatureLists } from '../../src/signature/lists.ts';
import { codePoints } from '../../src/signature/python-text.ts';
import type { SignatureResult } from '../../src/signature/trace.ts';
import { arbitraryCrash } from './arbitrary-crash.ts';

let lists: SignatureLists;
let generator: SignatureGenerator;
beforeAll(async () => {
  lists = await loadLists(join(import.meta.dirname, '../../siglists'));
  generator = new SignatureGenerator({ lists });
});

const runs = { numRuns: 2000 };

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** What the trace says that the stack's signature must have been. */
function signatureOf({ frames, fallback }: SignatureResult['trace']): string {
  const kept = frames
    .filter(({ verdict }) => verdict === 'kept' || verdict === 'stopped')
    .map((frame) => frame.trimmed?.to ?? frame.frame);
  if (kept.length > 0) return kept.join(' | ');
  if (fallback !== undefined) return frames[fallback]?.frame ?? '';
  return 'EMPTY: no frame data available';
}

describe('whatever the crash', () => {
  it('a signature of at most 255 printable characters comes out, and the input stays as it was', () => {
    fc.assert(
      fc.property(arbitraryCrash, (crash) => {
        const before = structuredClone(crash);
        const { signature } = generator.generate(deepFreeze(crash));
        expect(codePoints(signature)).toBeLessThanOrEqual(255);
        expect(signature).toMatch(/^[ -~]*$/);
        expect(signature).not.toMatch(/^ | $| {2}/);
        expect(crash).toEqual(before);
      }),
      runs,
    );
  });

  it('the result is the same again, from a generator that has seen others, and without a trace', () => {
    fc.assert(
      fc.property(arbitraryCrash, (crash) => {
        const result = generator.generate(crash);
        const tiny = { entries: 3, characters: 50 };
        expect(new SignatureGenerator({ lists, cache: tiny }).generate(crash)).toEqual(result);
        const { signature, notes, extra, trace } = generator.generate(crash, { trace: false });
        expect({ signature, notes, extra }).toEqual({
          signature: result.signature,
          notes: result.notes,
          extra: result.extra,
        });
        expect([trace.frames, trace.steps]).toEqual([[], []]);
      }),
      { numRuns: 500 },
    );
  });

  it('the trace tells how the signature came about', () => {
    fc.assert(
      fc.property(arbitraryCrash, (crash) => {
        const { signature, trace, extra } = generator.generate(crash);
        expect(trace.lists).toBe(lists.digest);
        // Each step begins where the one before ended.
        const ends = ['', ...trace.steps.map((step) => step.to)];
        expect(trace.steps.map((step) => step.from)).toEqual(ends.slice(0, -1));
        expect(ends.at(-1)).toBe(signature);
        if (trace.tool !== 'c') return;
        const stack = trace.steps.filter((step) => step.rule === 'SignatureGenerationRule').at(-1);
        const said = signatureOf(trace);
        if (stack !== undefined && trace.steps.every((step) => step.rule !== 'SignatureRunWatchDog')) {
          expect(stack.to).toBe(said);
        }
        const names = trace.frames.map((frame) => frame.frame);
        if (extra.normalized_frames && names.length > 0) expect(names).toEqual(extra.normalized_frames);
        expect(trace.frames.map((frame) => frame.index)).toEqual(names.map((_, i) => i));
        for (const { verdict, by } of trace.frames) {
          if (verdict !== 'repeated')
            expect(by !== undefined).toBe(verdict === 'irrelevant' || verdict === 'kept');
        }
      }),
      runs,
    );
  });

  it('the part of the input that is stored gives the same result, through JSON as well', () => {
    fc.assert(
      fc.property(arbitraryCrash, (raw) => {
        const crash = JSON.parse(JSON.stringify(raw)) as CrashData;
        const stored = trimSignatureInput(deepFreeze(crash));
        const again = JSON.parse(JSON.stringify(stored)) as CrashData;
        expect(generator.generate(again)).toEqual(generator.generate(crash));
        expect(trimSignatureInput(again)).toEqual(again);
      }),
      { numRuns: 4000 },
    );
  });
});

describe('what is stored', () => {
  const frames = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({
      function: `${name}${i}`,
      trust: 'cfi',
      registers: { rip: '0x1' },
    }));

  it('is forty frames of the crashing thread and their names, nothing of the others', () => {
    const threads = [
      { frames: frames('a', 9), thread_name: 'main' },
      { frames: frames('b', 90) },
      { frames: frames('c', 9) },
    ];
    const stored = trimSignatureInput({
      crashing_thread: 1,
      threads,
      original_signature: 'x',
      reason: 'SIGSEGV',
    });
    expect(stored).toEqual({
      crashing_thread: 1,
      reason: 'SIGSEGV',
      threads: [{}, { frames: Array.from({ length: 40 }, (_, i) => ({ function: `b${i}` })) }],
    });
  });

  it('is thread 0 as well when the watchdog asks for it, also when its name is hidden in arguments', () => {
    const threads = [
      { frames: [{ function: 'main' }] },
      { frames: [{ function: 'ns::Run(int)Watchdog(void*)' }] },
    ];
    const stored = trimSignatureInput({ crashing_thread: 1, threads });
    expect(stored.threads).toEqual(threads);
    expect(generator.generate(stored).signature).toBe('shutdownhang | main');
  });

  it('is the first two lines of a Java trace', () => {
    const stored = trimSignatureInput({ java_stack_trace: 'E: m\n\tat a.b(C.java:1)\n\tat secret.path' });
    expect(stored).toEqual({ java_stack_trace: 'E: m\n\tat a.b(C.java:1)\n' });
  });
});

describe('the input out of a processed crash', () => {
  it('has what the stack walk gives only when there was one', () => {
    expect(toCrashData({})).toEqual({
      hang: null,
      oom_allocation_size: null,
      js_large_allocation_failure: null,
      abort_message: null,
      mdsw_status_string: null,
      async_shutdown_timeout: null,
      ipc_channel_error: null,
      ipc_message_name: null,
      additional_minidumps: [],
      original_signature: '',
    });
  });

  it('takes thread, reason, threads and system from the walk, and sizes as numbers', () => {
    const threads = [{ frames: [{ frame: 0, function: 'f' }] }];
    const json_dump = {
      status: 'OK',
      crash_info: { crashing_thread: 0, type: 'SIGSEGV' },
      system_info: { os: 'Linux' },
      threads,
    };
    const data = toCrashData({
      json_dump,
      oom_allocation_size: ' 1_024 ',
      java_stack_trace: null,
      signature: 'old',
    });
    expect(data).toMatchObject({
      crashing_thread: 0,
      reason: 'SIGSEGV',
      os: 'Linux',
      threads,
      oom_allocation_size: 1024,
    });
    expect(data).toMatchObject({ java_stack_trace: null, original_signature: 'old' });
    expect(toCrashData({ oom_allocation_size: '9'.repeat(30) }).oom_allocation_size).toBe('9'.repeat(30));
    expect(toCrashData({ oom_allocation_size: 'much' }).oom_allocation_size).toBeNull();
  });
});
