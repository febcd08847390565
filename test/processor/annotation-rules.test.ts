/** Rules that read what the client sent, against literals. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dumpOf, runRule } from '../build/run-rule.ts';

describe('copy-annotations', () => {
  it('finds the product under each client’s name', async () => {
    for (const name of ['ProductName', '_productName', 'prod', 'product']) {
      expect((await runRule('copy-annotations', { annotations: { [name]: 'Editor' } })).patch).toEqual({
        product: 'Editor',
      });
    }
  });

  it('converts, trims the right end, and notes what does not convert without quoting it', async () => {
    const annotations = {
      Version: '1.2  ',
      StartupCrash: 'TRUE',
      StartupTime: 'secret',
      TotalPhysicalMemory: '8589934592',
    };
    expect(await runRule('copy-annotations', { annotations })).toEqual({
      patch: { version: '1.2', startup_crash: true, total_physical_memory: 8_589_934_592 },
      notes: ['StartupTime has a non-int value'],
    });
  });

  it('drops the NUL that some Windows clients send', async () => {
    expect((await runRule('copy-annotations', { annotations: { ProductName: 'Edi\0tor\0' } })).patch).toEqual(
      {
        product: 'Editor',
      },
    );
  });

  it('is not fooled by names of object members', async () => {
    expect((await runRule('copy-annotations', { annotations: {} })).patch).toEqual({});
  });
});

describe('crash-report-keys', () => {
  it('keeps valid names, sorted, once', async () => {
    const given = {
      annotations: { b: '1', a: '2' },
      dumps: [dumpOf('upload_file_minidump', new Uint8Array())],
    };
    expect((await runRule('crash-report-keys', given)).patch).toEqual({
      crash_report_keys: ['a', 'b', 'upload_file_minidump'],
    });
  });

  it('says that it dropped some', async () => {
    expect(
      await runRule('crash-report-keys', { annotations: { 'a b': '1', ['x'.repeat(101)]: '2' } }),
    ).toEqual({
      patch: { crash_report_keys: ['x'.repeat(100)] },
      notes: ['invalidkeys: Crash report contains invalid keys'],
    });
  });
});

describe('dates-and-times', () => {
  const received = Date.parse('2026-11-21T10:20:30Z') / 1000;

  it('computes ages from the client’s times', async () => {
    const annotations = {
      CrashTime: String(received - 10),
      InstallTime: String(received - 1000),
      SecondsSinceLastCrash: '86400',
    };
    const { patch, notes } = await runRule('dates-and-times', {
      annotations,
      processed: { startup_time: received - 70 },
    });
    expect(patch).toMatchObject({
      uptime: 60,
      install_age: 990,
      last_crash: 86_400,
      client_crash_date: '2026-11-21T10:20:20.000Z',
    });
    expect(notes).toEqual([]);
  });

  it('uses the reception when the client sent nothing', async () => {
    const { patch, notes } = await runRule('dates-and-times', {});
    expect(patch).toMatchObject({
      uptime: 0,
      install_age: 0,
      last_crash: null,
      date_processed: '2026-11-21T10:20:30.000Z',
    });
    expect(notes).toEqual(['WARNING: raw_crash missing CrashTime', 'client_crash_date is unknown']);
  });

  it('survives nonsense', async () => {
    const annotations = { CrashTime: 'yesterday', InstallTime: '-', SecondsSinceLastCrash: '9'.repeat(30) };
    const { patch, notes } = await runRule('dates-and-times', { annotations });
    expect(patch).toMatchObject({
      client_crash_date: '1970-01-01T00:00:00.000Z',
      last_crash: null,
      uptime: 0,
    });
    expect(notes).toHaveLength(3);
  });

  it('cuts milliseconds to seconds', async () => {
    const { patch } = await runRule('dates-and-times', { annotations: { CrashTime: `${received - 10}123` } });
    expect(patch).toMatchObject({ client_crash_date: '2026-11-21T10:20:20.000Z' });
  });
});

describe('java', () => {
  const text =
    'java.lang.IllegalStateException: user bob@example.com\n\tat a.B.c(B.java:1)\n\tat d.E.f(E.java:2)\nCaused by: x.Y: secret\n\tat g.H.i(H.java:3)';

  it('publishes class and stack without messages and causes', async () => {
    expect((await runRule('java-stack-trace', { annotations: { JavaStackTrace: text } })).patch).toEqual({
      java_stack_trace_raw: text,
      java_stack_trace: 'java.lang.IllegalStateException\n\tat a.B.c(B.java:1)\n\tat d.E.f(E.java:2)',
    });
  });

  it('hides a trace that it does not understand', async () => {
    const { patch, notes } = await runRule('java-stack-trace', {
      annotations: { JavaStackTrace: 'secret: x\n  at a.B.c(B.java)' },
    });
    expect(patch?.['java_stack_trace']).toBe('malformed');
    expect(notes).toEqual(['JavaStackTrace: malformed JavaStackTrace']);
  });

  it('publishes structured exceptions without their values', async () => {
    const exception = {
      exception: {
        values: [
          {
            value: 'secret',
            stacktrace: {
              type: 'E',
              module: 'm',
              value: 'secret',
              frames: [{ function: 'f', vars: 'secret' }],
            },
          },
        ],
      },
    };
    const { patch } = await runRule('java-exception', {
      annotations: { JavaException: JSON.stringify(exception) },
    });
    expect(JSON.stringify(patch?.['java_exception'])).not.toContain('secret');
    expect(patch?.['java_exception']).toEqual({
      exception: { values: [{ stacktrace: { type: 'E', module: 'm', frames: [{ function: 'f' }] } }] },
    });
  });
});

describe('memory-report', () => {
  it('reads gzip JSON', async () => {
    const given = { dumps: [dumpOf('memory_report', gzipSync('{"a":1}'))] };
    expect((await runRule('memory-report', given)).patch).toEqual({ memory_report: { a: 1 } });
  });

  it('refuses a bomb and what is no gzip', async () => {
    const bomb = gzipSync(Buffer.alloc(21 * 1024 * 1024));
    for (const bytes of [bomb, Buffer.from('no gzip')]) {
      const { patch, notes } = await runRule('memory-report', { dumps: [dumpOf('memory_report', bytes)] });
      expect(patch).toHaveProperty('memory_report_error');
      expect(notes).toEqual(['memory_report could not be read']);
    }
  });
});
