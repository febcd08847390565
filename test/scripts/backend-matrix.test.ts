import { expect, it } from 'vitest';
import { backendRows } from '../../scripts/backend-matrix.ts';

const declared = (title: string, rest = {}) => ({
  status: 'passed',
  ancestorTitles: [],
  meta: { backend: { kind: 'store' as const, title, has: ['list' as const], ...rest } },
});
const tried = (title: string, status: string) => ({
  status,
  ancestorTitles: [`store ${title}`, 'round trip'],
});

it('counts the passed cases of each backend by its own suite', () => {
  const tests = [
    declared('s3 (v1)'),
    declared('s3 (v2)'),
    tried('s3 (v1)', 'passed'),
    tried('s3 (v1)', 'pending'),
  ];
  const { rows, incomplete } = backendRows(tests);
  expect(rows.map(({ title, passed }) => [title, passed])).toEqual([
    ['s3 (v1)', 1],
    ['s3 (v2)', 0],
  ]);
  expect(incomplete).toEqual([]);
});

it('says why there is nothing to be written of a backend that failed or was not there', () => {
  const tests = [declared('a'), tried('a', 'failed'), declared('b', { missing: 'no server' })];
  expect(backendRows(tests).incomplete).toEqual(['a: a case failed', 'b: no server']);
});
