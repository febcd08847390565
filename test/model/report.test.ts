import { expect, it } from 'vitest';
import { createCrashId } from '../../src/model/crash-id.ts';
import { isDeferred, type RawCrash } from '../../src/model/report.ts';

const rawWith = (outcome: RawCrash['metadata']['outcome']): RawCrash => ({
  id: createCrashId(new Date()),
  annotations: {},
  receivedAt: new Date().toISOString(),
  metadata: {
    payload: 'multipart',
    compressed: false,
    size: 0,
    notes: [],
    userAgent: '',
    throttleRule: 'x',
    outcome,
  },
});

it('only a deferred crash waits until someone asks for it', () => {
  expect((['accepted', 'deferred', 'truncated'] as const).filter((o) => isDeferred(rawWith(o)))).toEqual([
    'deferred',
  ]);
});
