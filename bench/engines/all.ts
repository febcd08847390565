import { cassandra } from './cassandra.ts';
import { elasticsearch } from './elasticsearch.ts';
import { postgres } from './postgres.ts';
import { s3 } from './s3.ts';
import type { Subject } from './subject.ts';

export const SUBJECTS: readonly Subject[] = [
  s3('versitygw'),
  s3('swift'),
  cassandra,
  postgres,
  elasticsearch('elasticsearch'),
  elasticsearch('elasticsearch9'),
];

export function subjectOf(engine: string): Subject {
  const found = SUBJECTS.find((subject) => subject.engine === engine);
  if (found) return found;
  throw new Error(`no engine ${engine}; there are ${SUBJECTS.map((s) => s.engine).join(', ')}`);
}
