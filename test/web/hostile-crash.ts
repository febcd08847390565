/** A crash with the same text in every place that takes text. */
import type { CrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { RawCrash } from '../../src/model/report.ts';
import { rawOf } from './site-fixture.ts';

export const crashFullOf = (id: CrashId, text: string): ProcessedCrash => ({
  id,
  signature: text,
  product: text,
  version: text,
  complete: false,
  failed_rules: [{ rule: text, reason: text }],
  processor_notes: text.replaceAll('\n', ' '),
  proto_signature: text,
  reason: text,
  address: text,
  os_name: text,
  os_pretty_version: text,
  cpu_arch: text,
  process_type: text,
  client_crash_date: text,
  completed_datetime: text,
  topmost_filenames: [text, text],
  user_comments: text,
  url: text,
  crashing_thread: 0,
  json_dump: {
    status: 'OK',
    main_module: 0,
    crash_info: { type: text, address: text, crashing_thread: 0 },
    modules: [
      {
        filename: text,
        debug_file: text,
        debug_id: text,
        code_id: text,
        version: text,
        base_addr: text,
        missing_symbols: true,
      },
    ],
    unloaded_modules: [{ filename: text, base_addr: text, end_addr: text, code_id: text }],
    threads: [
      {
        thread_id: 1,
        thread_name: text,
        last_error_value: text,
        frames: [
          {
            frame: 0,
            module: text,
            function: text,
            file: text,
            line: 1,
            registers: { [text]: text },
            inlines: [{ function: text, file: text, line: 2 }],
          },
          { frame: 1, module_offset: text, offset: text, missing_symbols: true },
          { frame: 2, unloaded_modules: [{ module: text, offsets: [text] }] },
          { frame: 3, truncated: { msg: text } },
        ],
      },
    ],
  },
  signature_trace: {
    lists: text,
    generator: text,
    tool: text,
    frames: [{ frame: text, index: 0, verdict: 'kept', by: { list: text, line: 3 } }],
    steps: [{ rule: text, from: text, to: text }],
  },
});

export const rawFullOf = (id: CrashId, text: string): RawCrash => {
  const raw = rawOf(id, { ProductName: text, Version: text, AbortMessage: text, [`x${text}`]: text });
  return { ...raw, metadata: { ...raw.metadata, notes: [text], userAgent: text, throttleRule: text } };
};
