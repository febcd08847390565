/** `docs/reference/backends.md`: which backend passed the conformance suite with which capabilities on which server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CAPABILITIES } from '../src/storage/contract.ts';
import type { TestedBackend } from '../test/conformance/tested-backend.ts';

const FILE = fileURLToPath(new URL('../docs/reference/backends.md', import.meta.url));

/** A test of the runner's report. */
export interface ReportedTest {
  readonly status: string;
  readonly ancestorTitles: readonly string[];
  readonly meta?: { readonly backend?: TestedBackend };
}

interface Row extends TestedBackend {
  readonly passed: number;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const capabilityCells = (row: Row): readonly string[] =>
  CAPABILITIES.map((capability) => (row.has.includes(capability) ? '✓' : ''));

function page(rows: readonly Row[]): string {
  const stores = rows.filter((row) => row.kind === 'store');
  const queues = rows.filter((row) => row.kind === 'queue');
  const server = (row: Row): string => row.engine ?? 'embedded';
  return `# Backends

Written by \`npm test\` after every case of the conformance suites passed on the servers named here. A tick is a capability
that the backend declares and that was tried; what it does not declare it does not have. The figures are passed cases.

## Stores

${table(
  ['store', 'server', ...CAPABILITIES.map((c) => `\`${c}\``), 'cases'],
  stores.map((row) => [row.title, server(row), ...capabilityCells(row), String(row.passed)]),
)}

## Queues

${table(
  ['queue', 'server', 'cases'],
  queues.map((row) => [row.title, server(row), String(row.passed)]),
)}
`;
}

/** The rows of a report; those whose suite failed, or whose server was missing, have a reason instead. */
export function backendRows(tests: readonly ReportedTest[]): {
  readonly rows: readonly Row[];
  readonly incomplete: readonly string[];
} {
  const backends = tests.map((test) => test.meta?.backend).filter((backend) => backend !== undefined);
  const incomplete: string[] = [];
  const rows = backends.map((backend) => {
    const suite = tests.filter((test) =>
      test.ancestorTitles.some((title) => title === `${backend.kind} ${backend.title}`),
    );
    if (backend.missing !== undefined) incomplete.push(`${backend.title}: ${backend.missing}`);
    else if (suite.some((test) => test.status === 'failed'))
      incomplete.push(`${backend.title}: a case failed`);
    return { ...backend, passed: suite.filter((test) => test.status === 'passed').length };
  });
  return { rows, incomplete };
}

/** Writes the page when all backends were tried and passed. */
export function writeBackendMatrix(tests: readonly ReportedTest[], say: (line: string) => void): void {
  const { rows, incomplete } = backendRows(tests);
  if (rows.length === 0) return;
  if (incomplete.length > 0) {
    say(`docs/reference/backends.md is left as it was: ${incomplete.join('; ')}`);
    return;
  }
  const text = page(rows);
  if (readOr(FILE, '') === text) return;
  writeFileSync(FILE, text);
  say('docs/reference/backends.md was written anew');
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
