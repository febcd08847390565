/** Series of steps by synchronous calls, the syncs of many together: what the threads of `ThreadedDisk` do. */
import fs from 'node:fs';
import { type DiskStep, mustWait, WRONG_SIZE } from './disk-steps.ts';
import type { SeriesAnswer, SeriesRequest } from './disk-thread.ts';

export type Calls = Pick<
  typeof fs,
  | 'closeSync'
  | 'fdatasyncSync'
  | 'fsyncSync'
  | 'linkSync'
  | 'mkdirSync'
  | 'openSync'
  | 'renameSync'
  | 'statSync'
  | 'unlinkSync'
  | 'writeFileSync'
>;

interface Sync {
  readonly step: number;
  /** Of a file. */
  readonly descriptor?: number;
  /** Of a folder. */
  readonly path?: string;
}

interface Job {
  readonly number: number;
  readonly steps: readonly DiskStep[];
  next: number;
  syncs: Sync[];
  failure: { readonly code: string; readonly message: string; readonly step: number } | undefined;
}

function unlessCode(code: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  }
}

function link(calls: Calls, from: string, to: string, size: number | undefined): void {
  calls.linkSync(from, to);
  if (size === undefined) return;
  const found = calls.statSync(to).size;
  if (found !== size) throw Object.assign(new Error(`${found} bytes`), { code: WRONG_SIZE });
}

/** The open file when it must be synced. */
function create(calls: Calls, path: string, text: string | undefined): number | undefined {
  const descriptor = calls.openSync(path, 'wx', 0o640);
  try {
    if (text !== undefined) calls.writeFileSync(descriptor, text);
  } catch (error) {
    calls.closeSync(descriptor);
    throw error;
  }
  if (text !== undefined) return descriptor;
  calls.closeSync(descriptor);
  return undefined;
}

/** Does a step; what is left to sync after it. */
function perform(calls: Calls, step: DiskStep): Omit<Sync, 'step'> | undefined {
  switch (step.do) {
    case 'check':
      calls.statSync(step.path);
      return undefined;
    case 'makeFolder':
      unlessCode('EEXIST', () => calls.mkdirSync(step.path, 0o750));
      return undefined;
    case 'link':
      link(calls, step.from, step.to, step.size);
      return undefined;
    case 'create': {
      const descriptor = create(calls, step.path, step.text);
      return descriptor === undefined ? undefined : { descriptor };
    }
    case 'syncFolder':
      return { path: step.path };
    case 'rename':
      calls.renameSync(step.from, step.to);
      return undefined;
    case 'unlink':
      unlessCode('ENOENT', () => calls.unlinkSync(step.path));
      return undefined;
  }
}

function failed(job: Job, step: number, error: unknown): void {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  job.failure ??= { code, message, step };
}

/** Up to the next step that must wait for the syncs before it. */
function advance(calls: Calls, job: Job): void {
  for (let step = job.steps[job.next]; step && !job.failure; step = job.steps[job.next]) {
    if (mustWait(step) && job.syncs.length > 0) return;
    try {
      const sync = perform(calls, step);
      if (sync) job.syncs.push({ ...sync, step: job.next });
    } catch (error) {
      failed(job, job.next, error);
    }
    job.next += 1;
  }
}

function syncFolder(calls: Calls, path: string): void {
  const descriptor = calls.openSync(path, 'r');
  try {
    calls.fsyncSync(descriptor);
  } finally {
    calls.closeSync(descriptor);
  }
}

function syncFile(calls: Calls, descriptor: number): void {
  try {
    calls.fdatasyncSync(descriptor);
  } finally {
    calls.closeSync(descriptor);
  }
}

/** Each folder once, whoever asked for it. */
function syncAll(calls: Calls, jobs: readonly Job[]): void {
  const folders = new Map<string, { readonly error?: unknown }>();
  for (const job of jobs) {
    for (const { step, descriptor, path } of job.syncs) {
      try {
        if (descriptor !== undefined) syncFile(calls, descriptor);
      } catch (error) {
        failed(job, step, error);
      }
      if (path === undefined) continue;
      let result = folders.get(path);
      if (!result) {
        result = attempt(() => syncFolder(calls, path));
        folders.set(path, result);
      }
      if ('error' in result) failed(job, step, result.error);
    }
    job.syncs = [];
  }
}

function attempt(work: () => void): { readonly error?: unknown } {
  try {
    work();
    return {};
  } catch (error) {
    return { error };
  }
}

/** The answers, in the order of the requests. */
export function runBatch(requests: readonly SeriesRequest[], calls: Calls = fs): SeriesAnswer[] {
  const jobs = requests.map(({ number, steps }): Job => {
    return { number, steps, next: 0, syncs: [], failure: undefined };
  });
  let open: readonly Job[] = jobs;
  while (open.length > 0) {
    for (const job of open) advance(calls, job);
    syncAll(calls, open);
    open = open.filter((job) => !job.failure && job.next < job.steps.length);
  }
  return jobs.map(({ number, failure }) => ({ number, failure }));
}
