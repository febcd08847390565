/** Where it crashed and what was loaded. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const stackFields: readonly FieldDefinition[] = [
  publicField('reason', 'keyword', 'Exception or signal, e.g. SIGSEGV / SEGV_MAPERR.'),
  publicField('address', 'keyword', 'Address of the access that failed.'),
  publicField('crashing_thread', 'integer', 'Index of the thread that crashed.'),
  publicField('crashing_thread_name', 'keyword', 'Name of the thread that crashed.'),
  publicField('thread_count', 'integer', 'Number of threads.'),
  publicField('last_error_value', 'keyword', 'Last error of the thread that crashed (Windows).'),
  publicField('topmost_filenames', 'keyword', 'Topmost source file of the stack that crashed.'),
  publicField('modules_in_stack', 'text', 'module/debugid of each module on the stack that crashed.'),
  publicField('missing_symbols', 'text', 'Modules without symbols: name/version/debugid.'),
  publicField('crash_inconsistencies', 'keyword', 'Where exception and processor state disagree.', {
    many: true,
  }),
  publicField(
    'possible_bit_flips_max_confidence',
    'integer',
    'How likely a flipped bit explains the address, percent.',
  ),
  publicField('java_stack_trace', 'text', 'Java stack without the messages of its exceptions.'),
  protectedField('java_stack_trace_raw', 'text', 'Java stack as sent, messages included.'),
  protectedField('has_guard_page_access', 'boolean', 'An access was near a guard page.'),
  protectedField('assertion', 'text', 'Assertion text found in the dump.', {
    path: 'json_dump.crash_info.assertion',
  }),
];
