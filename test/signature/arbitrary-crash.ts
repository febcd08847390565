/** Crash data as odd as it gets: real shapes with weird text, and wrong types in any place. */
import fc from 'fast-check';
import type { CrashData } from '../../src/signature/crash-data.ts';

const pieces = fc.constantFrom(
  'foo',
  '.func1',
  '+0x1a/0x30',
  '__45-[A b]_block_invoke',
  '.<module>',
  'async ',
  ' [as x]',
  'ns::',
  'Run',
  'Watchdog',
  'RunWatchdog',
  '<',
  '>',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '`',
  "'",
  ' ',
  ', ',
  '*',
  '&',
  '&&',
  'const',
  'const&',
  '::operator',
  'operator',
  '<name omitted>',
  ' as ',
  ' in ',
  'IPC::ParamTraits',
  '(anonymous namespace)',
  "`anonymous namespace'",
  '::$_12::',
  ' [clone .cold.1]',
  '[clone .isra.0]',
  '::h0123abcd',
  'sqlite3VdbeExec',
  'abort',
  'memcpy',
  'panic_fmt',
  'core::panicking::panic',
  '__restore_rt',
  '@0x1234',
  'app.dll',
  'libfoo.so',
  'XUL',
  'é',
  '😀',
  '\ud800',
  '\u200b',
  '\0',
  '\n',
  '\u2028',
  '\x1c',
  'static void* ',
  '~',
  ':',
  '.',
  '_',
  '9',
  '٣',
  'NS_ABORT_OOM',
  'constructor',
  '__proto__',
);
const text = fc.oneof(
  { weight: 6, arbitrary: fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.array(pieces, { minLength: 100, maxLength: 300 }).map((parts) => parts.join('')),
  },
);
const odd = fc.jsonValue({ maxDepth: 2 });
const maybe = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 12, arbitrary: usual },
    { weight: 2, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: odd },
  );

const file = fc.oneof(
  fc.constantFrom(
    '/a/b.rs',
    'hg:host/x:src/libcore/panicking.rs:abc',
    'git:h:src/libcore/option.rs:1',
    'c:\\a\\b.cpp',
    'b.rs',
    '/a/b.go',
    'hg:host/x:a/site-packages/b/__init__.py:abc',
    'b.swift',
    'c:\\a\\b.cs',
    '/a/b.rb',
    'webpack://a/./main.3f2a9c1b.js?1',
    '/',
  ),
  text,
);
const language = fc.constantFrom(
  'go',
  'swift',
  'objc',
  'dotnet',
  'python',
  'ruby',
  'node',
  'KernelOops',
  'c++',
);
const line = fc.oneof(fc.nat(9999), fc.constantFrom('23', 0, 1.5, ''));
const inline = fc.record(
  { function: maybe(text), file: maybe(file), line: maybe(line), language: maybe(language) },
  { requiredKeys: [] },
);
const frame = fc.record(
  {
    function: maybe(text),
    file: maybe(file),
    line: maybe(line),
    module: maybe(fc.oneof(fc.constantFrom('APP.DLL', 'libc.so.6', '[vdso]', 'XUL', '['), text)),
    offset: maybe(fc.constantFrom('0x0000000000001234', '0x0', '', 'zz', '0x')),
    inlines: maybe(fc.array(maybe(inline), { maxLength: 3 })),
    unloaded_modules: maybe(
      fc.array(maybe(fc.record({ module: maybe(text) }, { requiredKeys: [] })), { maxLength: 2 }),
    ),
    language: fc.option(maybe(language), { freq: 4 }),
    trust: fc.constant('cfi'),
  },
  { requiredKeys: [] },
);
const thread = fc.record(
  {
    frames: maybe(
      fc.oneof(
        { weight: 5, arbitrary: fc.array(maybe(frame), { maxLength: 8 }) },
        fc.array(frame, { minLength: 35, maxLength: 60 }),
      ),
    ),
    last_error_value: maybe(fc.constantFrom('ERROR_COMMITMENT_LIMIT', 'x')),
    thread_name: text,
  },
  { requiredKeys: [] },
);
const javaFrame = fc.record(
  { module: maybe(text), function: maybe(text), filename: maybe(text) },
  { requiredKeys: [] },
);
const javaStack = fc.record(
  {
    type: maybe(text),
    module: maybe(text),
    value: text,
    frames: maybe(fc.array(maybe(javaFrame), { maxLength: 2 })),
  },
  { requiredKeys: [] },
);
const javaException = fc.record({
  exception: maybe(
    fc.record({
      values: maybe(fc.array(maybe(fc.record({ stacktrace: maybe(javaStack) })), { maxLength: 2 })),
    }),
  ),
});
const timeout = fc.oneof(
  text,
  fc.record({ phase: odd, conditions: odd }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{"phase":"\\u0052unWatchdog"}',
    '{"phase":1,"conditions":["b","a",{"name":1.0}]}',
    '[]',
    '{{',
    '{"conditions":[{}]}',
  ),
);

export const arbitraryCrash: fc.Arbitrary<CrashData> = fc.record(
  {
    crashing_thread: maybe(fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constantFrom('1', ' 2 ', 'x', ''))),
    threads: maybe(fc.array(maybe(thread), { maxLength: 4 })),
    language: fc.option(maybe(language), { freq: 4 }),
    os: maybe(fc.constantFrom('Windows NT', 'Linux')),
    reason: maybe(
      fc.constantFrom('EXCEPTION_STACK_OVERFLOW', 'STATUS_NO_MEMORY', 'x STATUS_DEVICE_DATA_ERROR'),
    ),
    java_stack_trace: fc.option(maybe(text), { freq: 8 }),
    java_exception: fc.option(maybe(javaException), { freq: 8 }),
    oom_allocation_size: maybe(fc.oneof(fc.nat(), fc.constantFrom('12', 'x', '1_0', '9'.repeat(30)))),
    js_large_allocation_failure: maybe(fc.constantFrom('Reporting', 'Recovered')),
    abort_message: maybe(
      fc.oneof(
        text,
        text.map((t) => `###!!! ABORT: ${t}: file x`),
      ),
    ),
    async_shutdown_timeout: fc.option(maybe(timeout), { freq: 3 }),
    ipc_channel_error: fc.option(maybe(text), { freq: 4 }),
    ipc_message_name: fc.option(maybe(text), { freq: 4 }),
    additional_minidumps: maybe(fc.constant(['upload_file_minidump_browser'])),
    hang: maybe(fc.constantFrom('ui', 1)),
    mdsw_status_string: maybe(fc.constantFrom('OK', 'ERROR_NO_MINIDUMP_HEADER')),
    original_signature: text,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<CrashData>;
