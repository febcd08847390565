/** What a person wrote, or what says who it was. */
import { type FieldDefinition, protectedField } from '../fields.ts';

export const personalFields: readonly FieldDefinition[] = [
  protectedField('url', 'keyword', 'Address of the page that was open.'),
  protectedField('user_comments', 'text', 'What the person wrote.'),
  protectedField('email', 'keyword', 'Address of the person.'),
  protectedField('app_notes', 'text', 'Notes of the application.'),
  protectedField('additional_minidumps', 'keyword', 'Dumps beside the main one.', { many: true }),
  protectedField('breadcrumbs', 'text', 'What happened before the crash.'),
  protectedField('remote_type', 'keyword', 'What a content process was for.'),
];
