/** Which crash, of what, when. */
import { type FieldDefinition, protectedField, publicField } from '../fields.ts';

export const identityFields: readonly FieldDefinition[] = [
  publicField('uuid', 'keyword', 'Crash id.', { path: 'id' }),
  publicField('date', 'date', 'When the collector received the crash.', { path: 'date_processed' }),
  publicField('signature', 'keyword', 'What crashes of the same cause have in common.'),
  publicField('proto_signature', 'text', 'All frames that the signature could have been made of.'),
  publicField('product', 'keyword', 'Name of the application.'),
  publicField('version', 'version', 'Version of the application.'),
  publicField('major_version', 'integer', 'The number before the first dot of the version.'),
  publicField('release_channel', 'keyword', 'Update channel: release, beta, nightly, …'),
  publicField('build_id', 'keyword', 'Build of the application.', { path: 'build' }),
  publicField('vendor', 'keyword', 'Who made the application.'),
  publicField('product_id', 'keyword', 'Identifier of the application.', { path: 'productid' }),
  publicField('distribution_id', 'keyword', 'Repackaged edition of the application.'),
  publicField('process_type', 'keyword', 'Kind of process that crashed: parent, content, renderer, gpu, …'),
  publicField('report_type', 'keyword', 'crash or hang.'),
  publicField('client_crash_date', 'date', 'When it crashed, by the clock of the machine it crashed on.'),
  publicField('startup_time', 'integer', 'When the application was started, seconds since 1970.'),
  publicField('uptime', 'integer', 'Seconds between start and crash.'),
  publicField('install_age', 'integer', 'Seconds between installation and crash.'),
  publicField('last_crash', 'integer', 'Seconds since the crash before.'),
  protectedField('client_guid', 'keyword', 'Identifier of the installation that sent the crash.', {
    from: 'raw',
    path: 'guid',
  }),
];
