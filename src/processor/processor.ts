/** The processor: takes tasks from the queue, makes processed crashes, acknowledges after they are saved. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAborted, sleep } from '../lib/abort.ts';
import { errnoOf } from '../lib/errno.ts';
import type { Log } from '../lib/log.ts';
import { declareMetrics } from '../lib/metrics.ts';
import type { CrashId } from '../model/crash-id.ts';
import type { ProcessedCrash } from '../model/processed-crash.ts';
import { type Dump, freezeRaw, type RawCrash } from '../model/report.ts';
import type { ErrorReporter } from '../notify/contract.ts';
import type { CrashQueue, CrashTask, Delivery, Outcome } from '../queue/contract.ts';
import { type CrashStorage, can, type Store } from '../storage/contract.ts';
import { codeOf, StorageError } from '../storage/errors.ts';
import {
  DEFAULT_RULESET,
  type Pipeline,
  publicReason,
  RuleFailedError,
  UnknownRulesetError,
} from './pipeline.ts';
import type { ProcessorSettings } from './settings.ts';
import { StubbornCrashes } from './stubborn-crashes.ts';
import type { UnsavedResults } from './unsaved-results.ts';

const metrics = declareMetrics({
  processor_tasks: { type: 'counter', help: 'Tasks handled', labels: ['outcome'] },
  processor_seconds: { type: 'histogram', help: 'Time from delivery to acknowledgement' },
  processor_ingestion_seconds: {
    type: 'histogram',
    help: 'Time from reception to the first processed crash',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400],
  },
});

/** Between two looks at engines that were down: from the first to the second, doubling. */
const HEALTH_POLL_MS = { first: 250, longest: 5_000 } as const;

export interface ProcessorDeps {
  readonly source: CrashStorage<'raw.read' | 'dumps.read'>;
  readonly destination: CrashStorage<'processed.write'>;
  readonly queue: CrashQueue;
  readonly pipeline: Pipeline;
  readonly unsaved: UnsavedResults;
  readonly reporter: ErrorReporter;
  readonly log: Log;
  /** Milliseconds on a clock that is never set; default: the process's. */
  readonly elapsed?: () => number;
}

/** What a task reads from the source. */
interface Input {
  readonly raw: RawCrash;
  readonly dumps: readonly Dump[];
  readonly previous: ProcessedCrash | undefined;
}

export class Processor {
  readonly #deps: ProcessorDeps;
  readonly #settings: ProcessorSettings;
  readonly #stubborn: StubbornCrashes;

  constructor(deps: ProcessorDeps, settings: ProcessorSettings) {
    this.#deps = deps;
    this.#stubborn = new StubbornCrashes(deps.elapsed ?? (() => performance.now()));
    this.#settings = settings;
  }

  /** Works until `signal` aborts, then finishes what it has in hand. */
  run(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#deps.queue.consume((delivery, { signal }) => this.handle(delivery, { signal }), {
      concurrency: this.#settings.concurrency,
      signal: options.signal,
      resume: (resumeOptions) => this.#untilHealthy(resumeOptions),
    });
  }

  /** One delivery. Never throws: what went wrong is the outcome. */
  async handle(delivery: Delivery<CrashTask>, options: { readonly signal: AbortSignal }): Promise<Outcome> {
    const from = performance.now();
    const { crashId } = delivery.task;
    const limit = AbortSignal.timeout(this.#settings.task_timeout);
    const outcome = await this.#attempt(delivery.task, AbortSignal.any([options.signal, limit])).catch(
      (error: unknown) => this.#judge(crashId, error, limit.aborted),
    );
    metrics.count('processor_tasks', { outcome: outcome.kind });
    metrics.observe('processor_seconds', (performance.now() - from) / 1000);
    const fields = {
      crashId,
      ms: Math.round(performance.now() - from),
      outcome: outcome.kind,
      attempt: delivery.attempt,
    };
    if (outcome.kind === 'done') {
      this.#stubborn.wentWell(crashId);
      this.#deps.log.info(fields, 'processed');
    } else this.#deps.log.warn({ ...fields, reason: outcome.reason }, 'not processed');
    return outcome;
  }

  /** Processes one crash now; rejects with what went wrong. */
  async process(
    id: CrashId,
    ruleset: string,
    options: { readonly signal: AbortSignal },
  ): Promise<ProcessedCrash> {
    const { unsaved } = this.#deps;
    const kept = await unsaved.find(id, ruleset);
    if (kept) {
      await this.#save(await this.#readKept(id, options), kept, ruleset, options.signal);
      return kept;
    }
    const input = await this.#read(id, options.signal);
    const scratch = await mkdtemp(join(tmpdir(), 'auxilio-processor-'));
    try {
      const processed = await this.#deps.pipeline.run({ ...input, ruleset, scratch, signal: options.signal });
      await this.#save(input.raw, processed, ruleset, options.signal);
      if (!input.previous) observeIngestion(input.raw, processed);
      return processed;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #attempt(task: CrashTask, signal: AbortSignal): Promise<Outcome> {
    await this.process(task.crashId, task.ruleset ?? DEFAULT_RULESET, { signal });
    return { kind: 'done' };
  }

  /** A crash that was removed meanwhile leaves nothing behind. */
  async #readKept(id: CrashId, options: { readonly signal: AbortSignal }): Promise<RawCrash> {
    try {
      return await this.#deps.source.readRaw(id, options);
    } catch (error) {
      if (codeOf(error) === 'not_found') await this.#deps.unsaved.forget(id);
      throw error;
    }
  }

  async #read(id: CrashId, signal: AbortSignal): Promise<Input> {
    const { source } = this.#deps;
    const raw = freezeRaw(await source.readRaw(id, { signal }));
    const infos = await source.listDumps(id, { signal });
    const dumps: Dump[] = [];
    for (const info of infos) dumps.push(await source.readDump(id, info.name, { signal }));
    return { raw, dumps, previous: await this.#previous(id, signal) };
  }

  /** From wherever processed crashes can be read; none when no store can, or has it. */
  async #previous(id: CrashId, signal: AbortSignal): Promise<ProcessedCrash | undefined> {
    const reader = findReader(this.#deps.destination) ?? findReader(this.#deps.source);
    if (!reader) return undefined;
    try {
      return await reader.readProcessed(id, { signal });
    } catch (error) {
      if (codeOf(error) === 'not_found') return undefined;
      throw error;
    }
  }

  async #save(raw: RawCrash, processed: ProcessedCrash, ruleset: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#deps.destination.saveProcessed(raw, processed, { signal });
    } catch (error) {
      // Only an outage: a result that the store refuses for good must be made anew after whatever is mended.
      if (error instanceof StorageError && error.retryable) await this.#keep(raw.id, ruleset, processed);
      else await this.#deps.unsaved.forget(raw.id);
      throw error;
    }
    await this.#deps.unsaved.forget(raw.id);
  }

  /** Only a saving of work: where the disk is full the dump is walked again. */
  async #keep(id: CrashId, ruleset: string, processed: ProcessedCrash): Promise<void> {
    try {
      await this.#deps.unsaved.keep(id, ruleset, processed);
    } catch (error) {
      this.#deps.log.warn({ err: error, crashId: id }, 'a result that no store takes could not be kept');
    }
  }

  /** An engine that is down postpones, also when it is down for one crash; one that nobody has is dead at once; all else counts. */
  #judge(crashId: CrashId, error: unknown, timedOut: boolean): Outcome {
    if (timedOut)
      return { kind: 'retry', reason: `took longer than ${this.#settings.task_timeout / 1000} s` };
    if (isAborted(error) || codeOf(error) === 'aborted')
      return { kind: 'postpone', reason: 'the processor was stopped' };
    if (error instanceof StorageError && error.retryable)
      return this.#stubborn.failed(crashId, `${error.store} ${error.code}`);
    const disk = diskFailure(error instanceof RuleFailedError ? error.cause : error);
    if (disk) return { kind: 'postpone', reason: `the processor’s own disk: ${disk}` };
    if (codeOf(error) === 'not_found') return { kind: 'dead', reason: 'no store has this crash' };
    if (error instanceof UnknownRulesetError) return { kind: 'dead', reason: error.message };
    // The pipeline has told of its rule already.
    if (error instanceof RuleFailedError)
      return { kind: 'retry', reason: `rule ${error.rule}: ${publicReason(error.cause)}` };
    this.#deps.reporter.report({ service: 'processor', error, tags: { crashId }, quotesClient: true });
    return { kind: 'retry', reason: publicReason(error) };
  }

  async #untilHealthy(options: { readonly signal: AbortSignal }): Promise<void> {
    for (let pause: number = HEALTH_POLL_MS.first; ; pause = Math.min(2 * pause, HEALTH_POLL_MS.longest)) {
      const states = await Promise.allSettled([
        this.#deps.source.health(options),
        this.#deps.destination.health(options),
      ]);
      if (states.every((state) => state.status === 'fulfilled')) return;
      await sleep(pause, options);
    }
  }
}

/** The first store, a container's children included, that processed crashes can be read from. */
function findReader(store: Store): CrashStorage<'processed.read'> | undefined {
  if (can(store, 'processed.read')) return store;
  for (const child of store.children) {
    const reader = findReader(child);
    if (reader) return reader;
  }
  return undefined;
}

const MACHINE_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);

/** What is wrong with this machine and not with the crash: no attempt is used for it. */
function diskFailure(error: unknown): string | undefined {
  const code = errnoOf(error);
  return code !== undefined && MACHINE_CODES.has(code) ? code : undefined;
}

function observeIngestion(raw: RawCrash, processed: ProcessedCrash): void {
  const completed = Date.parse(String(processed['completed_datetime']));
  const seconds = (completed - Date.parse(raw.receivedAt)) / 1000;
  if (seconds >= 0) metrics.observe('processor_ingestion_seconds', seconds);
}
