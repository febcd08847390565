import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash, StackWalk } from '../../src/model/processed-crash.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import { ANYONE, OWNER } from '../../src/search/permissions.ts';
import { publicStack, redactProcessed } from '../../src/search/redaction.ts';

const SECRET = 'joe@example.org';

const walk: StackWalk = {
  status: 'OK',
  pid: 4711,
  sensitive: { exploitability: SECRET },
  system_info: { os: 'Linux', os_ver: '6.1', cpu_arch: 'amd64', cpu_count: 8 },
  crash_info: {
    type: 'SIGSEGV / SEGV_MAPERR',
    address: '0x0',
    crashing_thread: 0,
    assertion: SECRET,
    instruction: `mov ${SECRET}`,
    memory_accesses: [{ is_likely_guard_page: true }],
    possible_bit_flips: [{ confidence: 0.5 }],
  },
  modules: [
    {
      filename: `/home/${SECRET}/bin/app`,
      debug_file: `C:\\Users\\${SECRET}\\app.pdb`,
      debug_id: 'ABC1',
      symbol_url: `https://${SECRET}/sym`,
    },
  ],
  unloaded_modules: [{ filename: `/home/${SECRET}/old.so`, base_addr: '0x1', cert_subject: SECRET }],
  threads: [
    {
      thread_name: 'main',
      frames: [
        {
          frame: 0,
          module: `/home/${SECRET}/bin/app`,
          function: 'main',
          file: 'main.c',
          line: 7,
          trust: 'context',
          registers: { rax: `0x${SECRET}` },
          inlines: [{ function: 'inner', file: 'inner.c', line: 3 }],
          unloaded_modules: [{ module: `/home/${SECRET}/old.so`, offsets: ['0x5'] }],
        },
      ],
    },
  ],
};

const processed: ProcessedCrash = {
  id: createCrashId(new Date('2026-11-21T00:00:00Z')),
  signature: 'main',
  product: 'App',
  version: '1.0',
  os_name: 'Linux',
  complete: false,
  failed_rules: [{ rule: 'os', reason: 'TypeError', detail: SECRET } as { rule: string; reason: string }],
  lsb_release: { description: 'Debian 12', home: SECRET },
  json_dump: walk,
  signature_trace: { lists: 'x' },
  signature_input: { java_stack_trace: SECRET },
  java_exception: {
    exception: {
      values: [
        {
          stacktrace: {
            type: 'A',
            frames: [{ module: 'm', value: SECRET }, { function: 'f' }],
            value: SECRET,
          },
        },
        { stacktrace: { type: 'B' } },
      ],
    },
  },
  java_stack_trace_raw: SECRET,
  url: `https://${SECRET}`,
  user_comments: SECRET,
  email: SECRET,
  mdsw_stderr: SECRET,
  collector_metadata: { userAgent: SECRET },
  upload_file_minidump_browser: { json_dump: { threads: SECRET } },
  whatever_comes_next: SECRET,
};

describe('the public part of a processed crash', () => {
  const shown = redactProcessed(processed, ANYONE, FIELDS);

  it('has nothing of what is protected or unknown, however deep', () => {
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(JSON.stringify(shown)).not.toMatch(/registers|memory_accesses|4711/);
  });

  it('has signature, stacks, modules, product, version, system and dates', () => {
    expect(shown).toEqual({
      id: processed.id,
      signature: 'main',
      product: 'App',
      version: '1.0',
      os_name: 'Linux',
      complete: false,
      failed_rules: [{ rule: 'os', reason: 'TypeError' }],
      lsb_release: { description: 'Debian 12' },
      signature_trace: { lists: 'x' },
      java_exception: {
        exception: {
          values: [
            { stacktrace: { type: 'A', frames: [{ module: 'm' }, { function: 'f' }] } },
            { stacktrace: { type: 'B' } },
          ],
        },
      },
      json_dump: {
        status: 'OK',
        system_info: { os: 'Linux', os_ver: '6.1', cpu_arch: 'amd64', cpu_count: 8 },
        crash_info: { type: 'SIGSEGV / SEGV_MAPERR', address: '0x0', crashing_thread: 0 },
        modules: [{ filename: 'app', debug_file: 'app.pdb', debug_id: 'ABC1' }],
        unloaded_modules: [{ filename: 'old.so', base_addr: '0x1' }],
        threads: [
          {
            thread_name: 'main',
            frames: [
              {
                frame: 0,
                module: 'app',
                function: 'main',
                file: 'main.c',
                line: 7,
                trust: 'context',
                inlines: [{ function: 'inner', file: 'inner.c', line: 3 }],
                unloaded_modules: [{ module: 'old.so', offsets: ['0x5'] }],
              },
            ],
          },
        ],
      },
    });
  });

  it('is the whole for a viewer of protected data', () => {
    expect(redactProcessed(processed, OWNER, FIELDS)).toBe(processed);
  });

  it('shows no path of a module', () => {
    const { modules } = publicStack({ status: 'OK', modules: [{ filename: '\\\\host\\joe/mixed\\a.dll' }] });
    expect(modules).toEqual([{ filename: 'a.dll' }]);
  });

  it('of a field whose definition is protected nothing is left, whatever else is public', () => {
    const open = FIELDS.map((f) => (f.name === 'product' ? { ...f, visibility: 'protected' as const } : f));
    expect(redactProcessed(processed, ANYONE, open)).not.toHaveProperty('product');
  });

  it('holds for whatever a processed crash has in it', () => {
    const key = fc.constantFrom('json_dump', 'threads', 'url', 'failed_rules', 'product', 'x', '__proto__');
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.constant(null),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('url', 'email', 'x', 'product', 'lsb_release'), tree),
        (rest) => {
          const crash = { ...rest, id: processed.id, signature: 's' } as ProcessedCrash;
          const keys = Object.keys(redactProcessed(crash, ANYONE, FIELDS));
          expect(keys.filter((name) => ['url', 'email', 'x'].includes(name))).toEqual([]);
        },
      ),
    );
  });
});
