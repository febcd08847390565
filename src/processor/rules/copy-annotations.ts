/** Annotations that become fields as they are; a value of the wrong kind is noted by its name and left out. */

import { ANNOTATION_FIELDS, type AnnotationField, type FieldKind } from '../annotation-fields.ts';
import { annotation, wholeNumber } from '../annotations.ts';
import { defineRule } from '../rule.ts';

const COMPLAINTS: Readonly<Record<Exclude<FieldKind, 'string'>, string>> = {
  integer: 'a non-int value',
  number: 'a non-float value',
  boolean: 'a non-boolean value',
};

const BOOLEANS: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

function convert(kind: FieldKind, text: string): unknown {
  if (kind === 'string') return text.trimEnd();
  if (kind === 'integer') return wholeNumber(text);
  if (kind === 'boolean') return BOOLEANS[text.trim().toLowerCase()];
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const complaint = (entry: AnnotationField): string =>
  entry.kind === 'string' ? '' : `${entry.annotations[0]} has ${COMPLAINTS[entry.kind]}`;

export default defineRule({
  name: 'copy-annotations',
  run({ raw, note }) {
    const patch: Record<string, unknown> = {};
    for (const entry of ANNOTATION_FIELDS) {
      const text = annotation(raw, ...entry.annotations);
      if (text === undefined) continue;
      const value = convert(entry.kind, text);
      if (value === undefined) note(complaint(entry));
      else patch[entry.field] = value;
    }
    return patch;
  },
});
