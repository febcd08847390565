/**
 * Stores of ours on real engines beside the vendor's client making the same calls, in turn, each in its own process.
 *
 *     npm run engines -- up                   the engines
 *     node bench/engines.ts [engine…]         rates, latencies and memory; targets: 0.85 of the bare client
 *     node bench/engines.ts --big 1024 [engine…]   growth of memory for one dump of so many MiB; target 64
 *     --rounds 3 --seconds 5 --kb 400 --at-once 16
 *
 * An engine that keeps no dumps is measured with processed crashes. The bare client makes what its calls carry, as ours
 * does: the SHA-256 of a dump, the packed document of a processed crash.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { engine } from '../test/build/engines.ts';
import { SUBJECTS, subjectOf } from './engines/all.ts';
import type { Loaded, Order } from './engines/orders.ts';
import type { Place, Subject } from './engines/subject.ts';
import { median, percentile, printTable, type Row, writeJson } from './lib/report.ts';

const MIB = 1024 ** 2;
const WARM_UP_SECONDS = 1;
const PROCESS = join(import.meta.dirname, 'engines/contender-process.ts');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    kb: { type: 'string', default: '400' },
    'at-once': { type: 'string', default: '16' },
    big: { type: 'string' },
  },
});
const atOnce = Number(options['at-once']);
const seconds = Number(options.seconds);

class Running {
  readonly #child: ChildProcess;

  constructor(subject: Subject, who: 'ours' | 'bare', place: Place) {
    this.#child = fork(PROCESS, [subject.engine, who, JSON.stringify(place), options.kb]);
  }

  async do<T>(order: Order): Promise<T> {
    this.#child.send(order);
    const ended = new AbortController();
    try {
      const [message] = await Promise.race([
        once(this.#child, 'message', { signal: ended.signal }),
        once(this.#child, 'exit', { signal: ended.signal }).then(() => {
          throw new Error('the process ended');
        }),
      ]);
      return (message as { readonly answer: T }).answer;
    } finally {
      ended.abort();
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.send({ what: 'close' } satisfies Order);
    await gone;
  }
}

interface Round {
  readonly write: Loaded;
  readonly read: Loaded;
}

async function round(subject: Subject, who: 'ours' | 'bare', place: Place): Promise<Round> {
  const running = new Running(subject, who, place);
  try {
    await running.do({ what: 'write', seconds: WARM_UP_SECONDS, atOnce });
    const write = await running.do<Loaded>({ what: 'write', seconds, atOnce });
    const read = await running.do<Loaded>({ what: 'read', seconds, atOnce });
    return { write, read };
  } finally {
    await running.close();
  }
}

function row(subject: Subject, what: 'write' | 'read', ours: readonly Round[], bare: readonly Round[]): Row {
  const rate = (rounds: readonly Round[]) => median(rounds.map((r) => r[what].rate));
  const at = (share: number) => median(ours.map((r) => percentile(r[what].latencies, share)));
  const peak = (rounds: readonly Round[]) => median(rounds.map((r) => r[what].peak / MIB));
  return {
    engine: subject.engine,
    what: `${what}s`,
    'per s': rate(ours),
    'bare per s': rate(bare),
    // Of neighbours in time: what else the machine does is the same for both.
    ratio: median(ours.map((r, i) => r[what].rate / (bare[i] as Round)[what].rate)),
    'p50 ms': at(0.5),
    'p99 ms': at(0.99),
    'bare p99 ms': median(bare.map((r) => percentile(r[what].latencies, 0.99))),
    'RSS MiB': peak(ours),
    'bare RSS MiB': peak(bare),
  };
}

async function compare(subject: Subject): Promise<readonly Row[]> {
  const place = await subject.prepare();
  const ours: Round[] = [];
  const bare: Round[] = [];
  try {
    for (let i = 0; i < Number(options.rounds); i += 1) {
      // Whoever comes second finds the engine warmer, and fuller.
      for (const who of i % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const))
        (who === 'ours' ? ours : bare).push(await round(subject, who, place));
    }
  } finally {
    await subject.remove(place);
  }
  return [row(subject, 'write', ours, bare), row(subject, 'read', ours, bare)];
}

async function growth(subject: Subject, megabytes: number): Promise<readonly Row[]> {
  if (!subject.dumps) return [];
  const place = await subject.prepare();
  const running = new Running(subject, 'ours', place);
  try {
    const grown = await running.do<number>({ what: 'large', megabytes });
    return [{ engine: subject.engine, 'dump MiB': megabytes, 'RSS growth MiB': Math.round(grown) }];
  } finally {
    await running.close();
    await subject.remove(place);
  }
}

const chosen = positionals.length > 0 ? positionals.map(subjectOf) : SUBJECTS;
const rows: Row[] = [];
for (const subject of chosen) {
  const state = engine(subject.engine);
  if ('missing' in state) {
    console.log(`without ${subject.engine}: ${state.missing}`);
    continue;
  }
  const found = options.big === undefined ? compare(subject) : growth(subject, Number(options.big));
  rows.push(...(await found));
}
printTable(
  rows,
  options.big === undefined
    ? `${atOnce} at once, dumps of ${options.kb} kB; medians of ${options.rounds} rounds (target: ratio ≥ 0.85)`
    : 'one large dump, in and out (target: ≤ 64 MiB)',
);
console.log(await writeJson(options.big === undefined ? 'engines' : 'engines-big', rows));
