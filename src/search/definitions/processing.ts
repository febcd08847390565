/** What the processor has to say of its own work. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const processingFields: readonly FieldDefinition[] = [
  publicField('complete', 'boolean', 'No rule failed.'),
  publicField('failed_rules', 'keyword', 'Rules that failed.', { path: 'failed_rules.rule', many: true }),
  publicField('processor_notes', 'text', 'Notes of the processor. No client data in them.'),
  publicField('success', 'boolean', 'The stack walk succeeded.'),
  publicField('started_datetime', 'date', 'When processing began.'),
  publicField('completed_datetime', 'date', 'When processing ended.'),
  publicField('stackwalk_version', 'keyword', 'Stackwalker and its version.'),
  publicField('mdsw_status_string', 'keyword', 'What the stackwalker answered: OK, EmptyMinidump, …'),
  publicField('minidump_sha256_hash', 'keyword', 'SHA-256 of the main dump.'),
  protectedField('mdsw_return_code', 'integer', 'Exit code of the stackwalker.'),
  protectedField('mdsw_stderr', 'text', 'What the stackwalker complained of.'),
  protectedField('signature_debug', 'text', 'Log of the signature generator.'),
  protectedField('soft_errors', 'text', 'Errors that the dump writer noted.'),
];
