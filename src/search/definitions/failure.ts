/** Why it crashed, in the application's own words. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const failureFields: readonly FieldDefinition[] = [
  publicField('moz_crash_reason', 'keyword', 'Reason that the application gave, sanitised.'),
  protectedField('moz_crash_reason_raw', 'keyword', 'Reason that the application gave, as sent.'),
  publicField('abort_message', 'text', 'Message that the application aborted with.'),
  publicField('oom_allocation_size', 'number', 'Size of the allocation that failed, bytes.'),
  publicField('js_large_allocation_failure', 'keyword', 'State of a large allocation of the script engine.'),
  publicField('hang', 'keyword', 'Set when the application was killed because it hung.'),
  publicField('async_shutdown_timeout', 'text', 'What kept the shutdown waiting.'),
  publicField('ipc_channel_error', 'keyword', 'Error of the channel between processes.'),
  publicField('ipc_message_name', 'keyword', 'Message that was being handled.'),
  publicField('shutdown_progress', 'keyword', 'How far the shutdown had come.'),
  publicField('startup_crash', 'boolean', 'It crashed while starting.'),
];
