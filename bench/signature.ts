/**
 * Signatures a second on one core: stacks of 40 frames drawn from 100,000 distinct ones (Zipf, seeded), with the
 * lists of the package. Each round parses its crashes from JSON first, as the processor does, so that no string
 * has a hash from before; parsing is not counted. Crashes a second are of processor time, percentiles of the clock.
 *
 * Then the commit before is measured in the same way: the machine of today is what both have in common.
 *
 *   node bench/signature.ts [--crashes N] [--frames N] [--rounds N] [--against COMMIT | --no-compare]
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CrashData } from '../src/signature/crash-data.ts';
import { SignatureGenerator } from '../src/signature/generator.ts';
import { loadLists } from '../src/signature/list-folder.ts';
import { HOSTILE, slowestMs } from './lib/hostile.ts';
import { isWithin, previousCommit, resultsAt } from './lib/previous-commit.ts';
import { median, percentile, printTable, type Row, writeJson } from './lib/report.ts';
import { makeFrames, random, stackMaker } from './lib/stacks.ts';

const { values } = parseArgs({
  options: {
    crashes: { type: 'string', default: '20000' },
    frames: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    against: { type: 'string' },
    compare: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const CRASHES = Number(values.crashes);
const ROUNDS = Number(values.rounds);
const TARGET = 25_000;

const lists = await loadLists(new URL('../siglists', import.meta.url).pathname);
const frames = makeFrames(Number(values.frames), random(1));

/** One batch at a time in memory: the processor has no twenty thousand crashes at once either. */
function* batches(seed: number): Generator<readonly CrashData[]> {
  const draw = stackMaker(frames, random(seed));
  for (let i = 0; i < CRASHES; i += 500) {
    yield Array.from({ length: Math.min(500, CRASHES - i) }, () => JSON.parse(draw()) as CrashData);
  }
}

interface Round {
  readonly perSecond: number;
  /** Sorted, microseconds. */
  readonly each: readonly number[];
}

/** Processor time of this thread, microseconds: what other programs do meanwhile does not count. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

function run(generator: SignatureGenerator, seed: number, trace: boolean): Round {
  let total = 0;
  const each: number[] = [];
  for (const batch of batches(seed)) {
    const before = processorTime();
    for (const crash of batch) {
      const start = performance.now();
      generator.generate(crash, { trace });
      each.push((performance.now() - start) * 1000);
    }
    total += processorTime() - before;
  }
  return { perSecond: (CRASHES / total) * 1e6, each: each.sort((a, b) => a - b) };
}

function summarise(name: string, rounds: readonly Round[]): Row {
  const middle = rounds.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(rounds.length / 2)];
  const each = middle?.each ?? [];
  return {
    case: name,
    'crashes/s': Math.round(median(rounds.map((round) => round.perSecond))),
    'p50 µs': percentile(each, 0.5),
    'p95 µs': percentile(each, 0.95),
    'p99 µs': percentile(each, 0.99),
    'max ms': (each.at(-1) ?? 0) / 1000,
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Megabytes in use once all garbage is gone. */
function used(): number {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}

const rows: Row[] = [];
// The compiler is warm, the memo is not: a generator of its own for each cold round.
run(new SignatureGenerator({ lists }), 99, true);
const cold = Array.from({ length: ROUNDS }, (_, i) => run(new SignatureGenerator({ lists }), 100 + i, true));
rows.push(summarise('cold memo, with trace', cold));
const before = used();
const generator = new SignatureGenerator({ lists });
for (let i = 0; i < 5; i++) run(generator, 200 + i, true);
const memo = used() - before;
const warm: Round[] = [];
const bare: Round[] = [];
for (let i = 0; i < ROUNDS; i++) {
  warm.push(run(generator, 300 + i, true));
  bare.push(run(generator, 300 + i, false));
}
rows.push(summarise('warm memo, with trace', warm));
rows.push(summarise('warm memo, without trace', bare));
const hostile = [...HOSTILE]
  .map(([kind, makes]) => ({
    '100 kB of': kind,
    'ms a crash': slowestMs(makes, (data) => generator.generate(data)),
  }))
  .sort((one, other) => other['ms a crash'] - one['ms a crash']);
const memory = { 'memo MB': memo, 'RSS MB': process.memoryUsage.rss() / 1e6 };

/** The same cases as an earlier commit measured them. */
function compare(commit: string): readonly Row[] {
  const args = ['--crashes', values.crashes, '--frames', values.frames, '--rounds', values.rounds];
  const results = resultsAt(commit, 'signature', args);
  const before = new Map(
    (results as { readonly rows: readonly Row[] }).rows.map((row) => [row['case'], row]),
  );
  return rows.map((row) => {
    const [now, then] = [Number(row['crashes/s']), Number(before.get(row['case'])?.['crashes/s'])];
    return { case: row['case'], [commit]: then, now, 'change %': (now / then - 1) * 100 };
  });
}

printTable(rows, `${CRASHES} crashes of 40 frames out of ${values.frames}, median of ${ROUNDS} rounds`);
printTable([memory], 'Memory: the full memo, and this process with its test data');
printTable(hostile.slice(0, 12), `Made to be slow: the slowest of ${hostile.length} kinds (limit: 50 ms)`);
const warmest = Number(rows.find((row) => row['case'] === 'warm memo, with trace')?.['crashes/s']);
console.log(`\ntarget of ${TARGET} crashes/s with a warm memo: ${warmest >= TARGET ? 'met' : 'missed'}`);
const compared = values.compare && !isWithin ? compare(values.against ?? previousCommit()) : [];
if (compared.length > 0) printTable(compared, 'Beside the commit before, measured just now: crashes/s');
const file = await writeJson('signature', { crashes: CRASHES, rows, memory, hostile, compared });
console.log(`\nwritten to ${file}`);
