/**
 * `npm test`: lint, types, dead code, then all tests over the programs and engines that can be had. Ends with
 * `N passed, N failed, N skipped`; each skip is printed with its reason. `--checks-only` leaves the tests out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReportedTest, writeBackendMatrix } from './backend-matrix.ts';
import { bringForTests, endAfterTests } from './engines/for-tests.ts';
import { ENGINES } from './engines/registry.ts';
import { testFolder } from './test-folder.ts';
import { ensureTools } from './tools.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const inCi = process.env['CI'] === 'true';
/** `TEST_ENGINES=0`: only those that run already; the tests of the rest are skipped, and say so. */
const withEngines = process.env['TEST_ENGINES'] !== '0';

interface Tally {
  passed: number;
  failed: number;
  readonly skipped: string[];
  /** What failed and how, said again under everything else: a CI log is often read by its last lines only. */
  readonly failures: string[];
}

interface VitestAssertion extends ReportedTest {
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly VitestAssertion[];
  }[];
}

/** Skipped tests that are named for each reason. */
const NAMED = 4;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function runTool(tool: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const run = spawnSync(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return run.status ?? 1;
}

function fail(tally: Tally, what: string): void {
  say(`FAILED: ${what}`);
  tally.failures.push(what);
  tally.failed += 1;
}

function check(tally: Tally, title: string, tool: string, ...args: readonly string[]): void {
  const ok = runTool(tool, args) === 0;
  if (!ok) {
    fail(tally, title);
    return;
  }
  say(`ok: ${title}`);
  tally.passed += 1;
}

/** What is missing keeps its tests from running, which CI may not do. */
function goWithout(tally: Tally, name: string, reason: string): void {
  if (inCi) fail(tally, `${name} is missing (${reason}); CI must have it`);
  else say(`without ${name}: ${reason}; its tests are skipped`);
}

function prepareTools(tally: Tally): void {
  for (const { name, missing } of ensureTools(say))
    if (missing !== undefined) goWithout(tally, name, missing);
}

function runTests(tally: Tally, args: readonly string[]): void {
  const folder = mkdtempSync(join(testFolder(), 'auxilio-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const status = runTool(
      'vitest',
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...args],
      { TMPDIR: folder },
    );
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
    tally.passed += report.numPassedTests;
    tally.failed += report.numFailedTests;
    for (const file of report.testResults) {
      if (file.status === 'failed' && file.assertionResults.every((a) => a.status !== 'failed')) {
        fail(tally, `${file.name}: ${file.message ?? 'could not be run'}`);
      }
      for (const test of file.assertionResults) {
        if (test.status === 'pending' || test.status === 'skipped' || test.status === 'todo')
          tally.skipped.push(test.fullName);
        if (test.status === 'failed')
          tally.failures.push(`${file.name}: ${test.fullName}\n${(test.failureMessages ?? []).join('\n')}`);
      }
    }
    if (args.length === 0)
      writeBackendMatrix(
        report.testResults.flatMap((file) => file.assertionResults),
        say,
      );
    if (status !== 0 && tally.failed === 0) tally.failed += 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** At the end of a test's own title, where it may have brackets in it, or of a title above it. */
const reasonOf = (title: string): string =>
  (/\(skipped: (.*)\)$/.exec(title) ?? /\(skipped: ([^)]*)\)/.exec(title))?.[1] ?? 'no reason given';

/** A line for each reason, which is in the title: `… (skipped: no blobs)`. */
function byReason(titles: readonly string[]): readonly string[] {
  const reasons = Map.groupBy(titles, reasonOf);
  return [...reasons].map(([reason, all]) => {
    const named = all.slice(0, NAMED).map((title) => title.replace(/ \(skipped: .*\)$/, ''));
    const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : '';
    return `skipped, ${reason}: ${named.join('; ')}${more}`;
  });
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const checksOnly = args.includes('--checks-only');
  const tally: Tally = { passed: 0, failed: 0, skipped: [], failures: [] };
  check(tally, 'lint', 'biome', 'check', '--error-on-warnings', '.');
  check(tally, 'types', 'tsc', '--noEmit', '-p', '.');
  check(tally, 'dead code', 'knip', '--no-progress');
  if (!checksOnly) {
    prepareTools(tally);
    const started = await bringForTests(withEngines ? ENGINES : [], {
      say,
      without: (name, reason) => goWithout(tally, name, reason),
    });
    try {
      runTests(tally, args);
    } finally {
      await endAfterTests(started);
    }
  }
  for (const line of byReason(tally.skipped)) say(line);
  for (const failure of tally.failures) say(`FAILED: ${failure}`);
  const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : '';
  say(`${tally.passed} passed, ${tally.failed} failed${skipped}`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

await main();
