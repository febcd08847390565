/**
 * The pipeline: rules in order of their dependencies, each returning the fields it sets. A rule that fails is noted
 * by its name and the error's code, and marks the crash incomplete; the others still run.
 */
import { AbortedError, isAborted, raceSignal } from '../lib/abort.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { declareMetrics } from '../lib/metrics.ts';
import { toposort } from '../lib/toposort.ts';
import type { FailedRule, ProcessedCrash } from '../model/processed-crash.ts';
import type { Dump, RawCrash } from '../model/report.ts';
import type { Patch, Rule, RuleContext, RuleServices, ServiceName } from './rule.ts';

export const DEFAULT_RULESET = 'default';
export const UNPROCESSED_SIGNATURE = 'EMPTY: crash failed to process';
const DEFAULT_RULE_TIMEOUT_MS = 60_000;

const metrics = declareMetrics({
  processor_rule_seconds: { type: 'histogram', help: 'Time a rule took', labels: ['rule'] },
  processor_rule_failures: {
    type: 'counter',
    help: 'Rules that failed on a crash',
    labels: ['rule', 'reason'],
  },
});

export type AnyRule = Rule<ServiceName>;

export interface PipelineInput {
  readonly raw: RawCrash;
  readonly dumps: readonly Dump[];
  /** What an earlier run made; its notes go to `processor_history`. */
  readonly previous: ProcessedCrash | undefined;
  readonly ruleset: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

export interface PipelineDeps {
  readonly services: RuleServices;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every failed rule. */
  onFailure?(rule: string, error: unknown, raw: RawCrash): void;
}

/** A rule whose `onError` is `fail` failed: the crash is retried as a whole. */
export class RuleFailedError extends Error {
  override readonly name = 'RuleFailedError';
  readonly rule: string;

  constructor(rule: string, cause: unknown) {
    super(`rule ${rule} failed`, { cause });
    this.rule = rule;
  }
}

/** A task names a rule set that no rule belongs to. */
export class UnknownRulesetError extends Error {
  override readonly name = 'UnknownRulesetError';
}

/** Public name of an error: its code when it has one, else its class. Its message may hold client data. */
export function publicReason(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${error.name} ${code}` : error.name;
}

interface Run {
  readonly input: PipelineInput;
  readonly notes: string[];
  readonly failed: FailedRule[];
  readonly setBy: Record<string, string>;
  processed: Partial<ProcessedCrash>;
}

export class Pipeline {
  readonly #deps: PipelineDeps;
  readonly #rulesets = new Map<string, readonly AnyRule[]>();

  /** Throws `DependencyError` when rules depend on each other in a circle or on one that is not there. */
  constructor(rules: readonly AnyRule[], deps: PipelineDeps) {
    this.#deps = deps;
    const sorted = toposort(rules, 'rule');
    for (const name of rulesetNames(sorted)) {
      this.#rulesets.set(
        name,
        sorted.filter((rule) => rulesetsOf(rule).includes(name)),
      );
    }
  }

  /** Rule names in the order in which they run. */
  order(ruleset: string = DEFAULT_RULESET): readonly string[] {
    return this.#rules(ruleset).map((rule) => rule.name);
  }

  /** Rejects with `AbortedError`, `RuleFailedError` or `UnknownRulesetError`; everything else ends up in the result. */
  async run(input: PipelineInput): Promise<ProcessedCrash> {
    const rules = this.#rules(input.ruleset);
    // A part cannot stand without the whole: a crash that was never processed gets every rule.
    if (!input.previous && input.ruleset !== DEFAULT_RULESET)
      return this.run({ ...input, ruleset: DEFAULT_RULESET });
    const started = this.#deps.clock.now().toISOString();
    const run: Run = {
      input,
      notes: [`>>> Start processing: ${started}`],
      failed: [],
      setBy: {},
      processed: this.#base(input, started),
    };
    for (const rule of rules) await this.#apply(rule, run);
    return this.#finish(run, new Set(rules.map(({ name }) => name)));
  }

  #rules(ruleset: string): readonly AnyRule[] {
    const rules = this.#rulesets.get(ruleset);
    if (rules) return rules;
    throw new UnknownRulesetError(
      `no rule set is named ${ruleset}; there are ${[...this.#rulesets.keys()].join(', ')}`,
    );
  }

  /** A partial rule set starts from what the last run made; the default one from nothing, so that no stale field survives. */
  #base(input: PipelineInput, started: string): Partial<ProcessedCrash> {
    const kept: Partial<ProcessedCrash> = input.ruleset === DEFAULT_RULESET ? {} : (input.previous ?? {});
    return {
      ...kept,
      id: input.raw.id,
      signature: kept.signature ?? UNPROCESSED_SIGNATURE,
      started_datetime: started,
    };
  }

  async #apply(rule: AnyRule, run: Run): Promise<void> {
    const { input } = run;
    const limit = AbortSignal.timeout(rule.timeoutMs ?? DEFAULT_RULE_TIMEOUT_MS);
    const signal = AbortSignal.any([input.signal, limit]);
    const context: RuleContext = {
      raw: input.raw,
      dumps: input.dumps,
      processed: run.processed,
      scratch: input.scratch,
      signal,
      note: (text) => void run.notes.push(text),
    };
    const from = performance.now();
    try {
      if (rule.when && !rule.when(context)) return;
      const patch = await raceSignal(Promise.resolve(rule.run(context, this.#deps.services)), signal);
      this.#merge(rule, patch, run);
    } catch (error) {
      if (input.signal.aborted)
        throw isAborted(error) ? error : new AbortedError('aborted', { cause: error });
      this.#failed(
        rule,
        limit.aborted ? new RuleTimeoutError(`rule ${rule.name} took too long`, { cause: error }) : error,
        run,
      );
    } finally {
      metrics.observe('processor_rule_seconds', (performance.now() - from) / 1000, { rule: rule.name });
    }
  }

  #merge(rule: AnyRule, patch: Patch | undefined, run: Run): void {
    if (!patch) return;
    run.processed = { ...run.processed, ...patch };
    for (const field of Object.keys(patch)) run.setBy[field] = rule.name;
  }

  #failed(rule: AnyRule, error: unknown, run: Run): void {
    const reason = publicReason(error);
    metrics.count('processor_rule_failures', { rule: rule.name, reason });
    this.#deps.onFailure?.(rule.name, error, run.input.raw);
    if (rule.onError === 'fail') throw new RuleFailedError(rule.name, error);
    run.failed.push({ rule: rule.name, reason });
    run.notes.push(`rule '${rule.name}' failed: ${reason}`);
  }

  #finish(run: Run, ran: ReadonlySet<string>): ProcessedCrash {
    const { previous, ruleset } = run.input;
    // What rules outside a partial rule set left stands, and so do their failures.
    const kept = ruleset === DEFAULT_RULESET ? undefined : previous;
    const failed = [...(kept?.failed_rules ?? []).filter(({ rule }) => !ran.has(rule)), ...run.failed];
    const earlier = previous?.processor_notes ? [previous.processor_notes] : [];
    const older = Array.isArray(previous?.['processor_history'])
      ? (previous['processor_history'] as readonly string[])
      : [];
    return {
      ...run.processed,
      id: run.input.raw.id,
      signature: run.processed.signature ?? UNPROCESSED_SIGNATURE,
      complete: failed.length === 0,
      failed_rules: failed,
      set_by: { ...(kept?.['set_by'] as Readonly<Record<string, string>> | undefined), ...run.setBy },
      processor_notes: run.notes.join('\n'),
      processor_history: [...earlier, ...older],
      completed_datetime: this.#deps.clock.now().toISOString(),
    };
  }
}

class RuleTimeoutError extends Error {
  override readonly name = 'RuleTimeoutError';
}

const rulesetsOf = (rule: AnyRule): readonly string[] => rule.rulesets ?? [DEFAULT_RULESET];

/** Every rule set that one of the rules belongs to. */
export const rulesetNames = (rules: readonly AnyRule[]): ReadonlySet<string> =>
  new Set(rules.flatMap(rulesetsOf));
