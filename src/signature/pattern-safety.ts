/**
 * Refuses patterns that a hostile frame name could keep busy. Most lines are shown harmless by their form;
 * only for the others a solver is started, and what it found harmless is remembered by digest.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { raceSignal, throwIfAborted } from '../lib/abort.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { isPlainlySafe, type PatternVerdict, questionOf } from './pattern-verdict.ts';
import type { Translated } from './translated-regex.ts';

export interface SafetyOptions {
  /** Where digests of harmless lines are remembered; made with its folder when missing. */
  readonly cacheFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const MOST_REMEMBERED = 10_000;
/** Goes up when translation or solver change so much that old answers mean nothing. */
const CACHE_KEY = 'recheck-4.5/2';

/** One verdict for each pattern, in order. Rejects with `AbortedError`, or when the cache cannot be written. */
export async function judgePatterns(
  patterns: readonly Translated[],
  options: SafetyOptions = {},
): Promise<readonly PatternVerdict[]> {
  const doubtful = patterns.filter((pattern) => !isPlainlySafe(pattern.shape));
  if (doubtful.length === 0) return patterns.map(() => ({ safe: true }));
  const known = await readCache(options.cacheFile);
  const open = [...new Map(doubtful.map((pattern) => [digest(pattern), pattern]))].filter(
    ([key]) => !known.has(key),
  );
  const found = new Map<string, PatternVerdict>();
  if (open.length > 0) {
    const verdicts = await solve(
      open.map(([, pattern]) => pattern),
      options.signal,
    );
    for (const [i, [key]] of open.entries()) found.set(key, verdicts[i] ?? unanswered);
    const safe = open.map(([key]) => key).filter((key) => found.get(key)?.safe);
    if (options.cacheFile !== undefined && safe.length > 0) await remember(options.cacheFile, safe);
  }
  return patterns.map((pattern) => {
    if (isPlainlySafe(pattern.shape)) return { safe: true };
    const key = digest(pattern);
    return known.has(key) ? { safe: true } : (found.get(key) ?? unanswered);
  });
}

const unanswered: PatternVerdict = { safe: false, reason: 'cannot be shown to match in linear time' };

const digest = (pattern: Translated): string =>
  createHash('sha256').update(`${CACHE_KEY}\0${pattern.flags}\0${pattern.source}`).digest('hex');

async function readCache(file: string | undefined): Promise<ReadonlySet<string>> {
  if (file === undefined) return new Set();
  try {
    const lines = (await readFile(file, 'utf8')).split('\n');
    return new Set(lines.filter((line) => /^[0-9a-f]{64}$/.test(line)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

async function remember(file: string, safe: readonly string[]): Promise<void> {
  const all = [...new Set([...(await readCache(file)), ...safe])].slice(-MOST_REMEMBERED);
  await makeFolders(dirname(file));
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, `${all.join('\n')}\n`);
  await rename(temporary, file);
}

async function solve(
  patterns: readonly Translated[],
  signal: AbortSignal | undefined,
): Promise<readonly PatternVerdict[]> {
  throwIfAborted(signal);
  const questions = patterns.map(questionOf);
  const own = import.meta.url;
  const worker = new Worker(new URL(`./pattern-worker${extname(fileURLToPath(own))}`, own), {
    workerData: questions,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  try {
    return await raceSignal(answers(worker, questions.length), signal);
  } finally {
    await worker.terminate();
  }
}

async function answers(worker: Worker, count: number): Promise<readonly PatternVerdict[]> {
  const done = Promise.withResolvers<void>();
  const verdicts: PatternVerdict[] = [];
  worker.on('message', (verdict: PatternVerdict) => {
    if (verdicts.push(verdict) === count) done.resolve();
  });
  // Out of memory on one pattern: it and those behind it stay unanswered, which refuses them.
  worker.on('error', (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') done.resolve();
    else done.reject(error);
  });
  worker.on('exit', () => done.resolve());
  await done.promise;
  return verdicts;
}
