/**
 * `siglists preview` on the embedded index: crashes scanned, signed again and counted a second (target: 5,000), and the
 * memory that takes. Stacks of 40 frames out of 100,000 distinct ones; the new lists skip and stop elsewhere.
 * The file is filled by a process of its own, so that its memory is not measured; `--keep FOLDER` fills once and keeps it.
 *
 *   node bench/siglists-preview.ts [--crashes N] [--keep FOLDER]
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createCrashId } from '../src/model/crash-id.ts';
import type { ProcessedCrash } from '../src/model/processed-crash.ts';
import type { RawCrash } from '../src/model/report.ts';
import { MovesTally } from '../src/processor/resign/moves.ts';
import { rescan } from '../src/processor/resign/rescan.ts';
import { FIELDS } from '../src/search/field-list.ts';
import type { CrashData } from '../src/signature/crash-data.ts';
import { SignatureGenerator } from '../src/signature/generator.ts';
import { loadLists, parseLists, readListTexts } from '../src/signature/list-folder.ts';
import { trimSignatureInput } from '../src/signature/trim-input.ts';
import { SqliteStorage } from '../src/storage/sqlite/sqlite-storage.ts';
import { printTable, writeJson } from './lib/report.ts';
import { makeFrames, random, stackMaker } from './lib/stacks.ts';

const { values } = parseArgs({
  options: {
    crashes: { type: 'string', default: '100000' },
    keep: { type: 'string' },
    fill: { type: 'string' },
  },
});
const CRASHES = Number(values.crashes);
const FRAMES = 100_000;
const FROM = Date.parse('2026-11-14T00:00:00Z');
const PERIOD_MS = 7 * 86_400_000;
const SIGLISTS = new URL('../siglists', import.meta.url).pathname;

async function fill(file: string): Promise<void> {
  const generator = new SignatureGenerator({ lists: await loadLists(SIGLISTS) });
  const draw = stackMaker(makeFrames(FRAMES, random(1)), random(7));
  const store = await SqliteStorage.open('index', { file });
  await store.applyFields(FIELDS);
  const save = async (i: number): Promise<void> => {
    const received = new Date(FROM + Math.floor((i * PERIOD_MS) / CRASHES));
    const id = createCrashId(received);
    const input = trimSignatureInput(JSON.parse(draw()) as CrashData);
    const { signature, extra, trace } = generator.generate(input);
    const raw: RawCrash = {
      id,
      annotations: { ProductName: 'Bench' },
      receivedAt: received.toISOString(),
      metadata: {
        payload: 'multipart',
        compressed: false,
        size: 1,
        notes: [],
        userAgent: 'bench',
        throttleRule: 'accept',
        outcome: 'accepted',
      },
    };
    await store.saveProcessed(raw, {
      id,
      signature,
      product: 'Bench',
      date_processed: raw.receivedAt,
      proto_signature: extra.proto_signature ?? '',
      signature_input: input as ProcessedCrash['signature_input'],
      signature_trace: trace as unknown as ProcessedCrash['signature_trace'],
    } as ProcessedCrash);
  };
  for (let i = 0; i < CRASHES; i += 200)
    await Promise.all(Array.from({ length: Math.min(200, CRASHES - i) }, (_, k) => save(i + k)));
  await store.close();
}

interface Measured {
  readonly seconds: number;
  /** Of all threads: what other programs do meanwhile does not count. */
  readonly processorSeconds: number;
  readonly peakMb: number;
  readonly moves: MovesTally;
}

async function measure(file: string): Promise<Measured> {
  const texts = await readListTexts(SIGLISTS);
  const lists = await parseLists({
    ...texts,
    irrelevant: `${texts.irrelevant ?? ''}\ngfx::layers::Widget::\n`,
    prefix: `${texts.prefix ?? ''}\nnet::Session::\n`,
  });
  const generator = new SignatureGenerator({ lists });
  const store = await SqliteStorage.open('index', { file });
  const moves = new MovesTally();
  let peak = 0;
  let done = 0;
  const from = performance.now();
  const processorFrom = process.cpuUsage();
  const period = { from: new Date(FROM), to: new Date(FROM + PERIOD_MS) };
  for await (const { id, before, after } of rescan(store, generator, period)) {
    if (after !== undefined) moves.add(id, before, after);
    done += 1;
    if (done % 1000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(processorFrom);
  await store.close();
  return { seconds, processorSeconds: (user + system) / 1e6, peakMb: peak / 1024 ** 2, moves };
}

async function main(): Promise<void> {
  const folder = values.keep ?? (await mkdtemp(join(tmpdir(), 'auxilio-bench-')));
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'index.db');
  try {
    if (!existsSync(file))
      spawnSync(process.execPath, [import.meta.filename, '--fill', file, '--crashes', String(CRASHES)], {
        stdio: 'inherit',
      });
    const idle = process.memoryUsage.rss() / 1024 ** 2;
    const { seconds, processorSeconds, peakMb, moves } = await measure(file);
    const { crashes, changed, merges, splits, moves: renamed, before } = moves.result();
    const row = {
      crashes,
      'crashes/s': crashes / seconds,
      'crashes/s of processor time': crashes / processorSeconds,
      seconds,
      signatures: before,
      changed,
      merges: merges.length,
      splits: splits.length,
      moves: renamed.length,
      'peak RSS MB': peakMb,
      'idle RSS MB': idle,
      'file MB': (await stat(file)).size / 1e6,
    };
    printTable([row], 'siglists preview on the embedded index');
    console.log(`\nwritten to ${await writeJson('siglists-preview', row)}`);
  } finally {
    if (values.keep === undefined) await rm(folder, { recursive: true, force: true });
  }
}

await (values.fill === undefined ? main() : fill(values.fill));
