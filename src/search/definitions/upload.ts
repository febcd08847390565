/** How the crash came in. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const uploadFields: readonly FieldDefinition[] = [
  publicField('outcome', 'keyword', 'What became of the upload: accepted, deferred, truncated.', {
    from: 'collector',
  }),
  publicField('throttle_rule', 'keyword', 'Throttle rule that decided.', {
    from: 'collector',
    path: 'throttleRule',
  }),
  publicField('payload', 'keyword', 'How the annotations came: multipart or json.', { from: 'collector' }),
  publicField('payload_compressed', 'boolean', 'The upload was compressed.', {
    from: 'collector',
    path: 'compressed',
  }),
  publicField('upload_size', 'number', 'Bytes on the wire.', { from: 'collector', path: 'size' }),
  publicField('collector_notes', 'keyword', 'Notes of the collector. No client data in them.', {
    from: 'collector',
    path: 'notes',
    many: true,
  }),
  protectedField('user_agent', 'keyword', 'User agent of the upload.', {
    from: 'collector',
    path: 'userAgent',
  }),
  // Protected as the annotations are: a client may put anything into a name. Those that are known to be harmless
  // are named with their values by whatever shows the public annotations.
  protectedField('crash_report_keys', 'keyword', 'Names of the annotations and dumps that came.', {
    many: true,
  }),
  publicField('submitted_from', 'keyword', 'Where in the application the report was sent from.'),
];
