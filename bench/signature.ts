/**
 * Signatures a second on one core: stacks of 40 frames drawn from 100,000 distinct ones (Zipf, seeded), with the
 * lists of the package. Each round parses its crashes from JSON first, as the processor does, so that no string
 * has a hash from before; parsing is not counted. Crashes a second are of processor time, percentiles of the clock.
 *
 *   node bench/signature.ts [--crashes N] [--frames N]
 */
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CrashData } from '../src/signature/crash-data.ts';
import { SignatureGenerator } from '../src/signature/generator.ts';
import { loadLists } from '../src/signature/list-folder.ts';
import { median, percentile, printTable, type Row, writeJson } from './lib/report.ts';
import { makeFrames, random, stackMaker } from './lib/stacks.ts';

const { values } = parseArgs({
  options: {
    crashes: { type: 'string', default: '20000' },
    frames: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
  },
});
const CRASHES = Number(values.crashes);
const ROUNDS = Number(values.rounds);

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

/** Frames made to be slow, 100 kB each. */
const HOSTILE: Readonly<Record<string, (salt: string) => string>> = {
  'opening <': (salt) => `${'<'.repeat(100_000)}${salt}`,
  'opening ( with spaces': (salt) => `${'( '.repeat(50_000)}${salt}`,
  'closed ( )': (salt) => `${'(a) '.repeat(25_000)}${salt}`,
  'nested ParamTraits': (salt) => `${'IPC::ParamTraits<'.repeat(6000)}${salt}${'>'.repeat(6000)}`,
  'mixed brackets': (salt) => `${"<([{`'}])>".repeat(10_000)}${salt}`,
  'word characters': (salt) => `${'a'.repeat(100_000)}${salt}`,
  'other scripts': (salt) => `${'\u00e9\u4e2d'.repeat(50_000)}${salt}`,
  hashes: (salt) => `${'::h'.repeat(33_000)}${salt}`,
  'commas and spaces': (salt) => `f${' ,*&'.repeat(25_000)}${salt}`,
  underscores: (salt) => `__${'_'.repeat(100_000)}${salt}`,
  'square brackets': (salt) => `${'[]'.repeat(25_000)}${salt}${'[]'.repeat(25_000)}[clone .cold`,
};

/** Milliseconds a crash, the slowest of five; each has a new name, so that no memo helps. */
function slowest(generator: SignatureGenerator, make: (salt: string) => string): number {
  const times = Array.from({ length: 6 }, (_, i) => {
    const name = make(`x${i}`);
    return [{ function: name }, { function: name, file: '/a.rs' }, { module: name }].map((frame) => {
      const start = performance.now();
      generator.generate({ threads: [{ frames: [frame] }] });
      return performance.now() - start;
    });
  });
  return Math.max(...times.slice(1).flat());
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
const hostile = Object.entries(HOSTILE).map(([kind, make]) => ({
  'frames of 100 kB': kind,
  'ms a crash': slowest(generator, make),
}));
const memory = { 'memo MB': memo, 'RSS MB': process.memoryUsage().rss / 1e6 };

printTable(rows, `${CRASHES} crashes of 40 frames out of ${values.frames}, median of ${ROUNDS} rounds`);
printTable([memory], 'Memory: the full memo, and this process with its test data');
printTable(hostile, 'Made to be slow');
const file = await writeJson('signature', { crashes: CRASHES, rows, memory, hostile });
console.log(`\nwritten to ${file}`);
