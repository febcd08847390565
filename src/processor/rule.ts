/** A rule: one step of the processor, one file in `rules/`, default export named after the file. */
import type { ProcessedCrash } from '../model/processed-crash.ts';
import type { Dump, RawCrash } from '../model/report.ts';
import type { Signatures } from '../signature/generator.ts';
import type { Stackwalker } from '../symbols/stackwalker.ts';

/** Things a rule may ask for; bound by the processor. */
export interface RuleServices {
  readonly stackwalker: Stackwalker;
  readonly signatures: Signatures;
}

export type ServiceName = keyof RuleServices;

export interface RuleContext {
  /** Frozen. A rule never edits what the client sent. */
  readonly raw: RawCrash;
  readonly dumps: readonly Dump[];
  /** What earlier rules have produced so far. */
  readonly processed: Readonly<Partial<ProcessedCrash>>;
  /** A folder for this crash's own files, removed after the pipeline. */
  readonly scratch: string;
  /** Aborts when the rule's time is up or the processor is stopping. */
  readonly signal: AbortSignal;
  /** A line for the person who reads the crash. Notes are public: never client data or an error's message in them. */
  note(text: string): void;
}

export type Patch = Readonly<Record<string, unknown>>;

export interface Rule<N extends ServiceName = never> {
  readonly name: string;
  /** Rules that must have run (or been skipped) before this one. */
  readonly after?: readonly string[];
  /** The rule sets it belongs to; `['default']` when absent. */
  readonly rulesets?: readonly string[];
  readonly needs?: readonly N[];
  readonly timeoutMs?: number;
  /** `note` (default): note the failure, mark the crash incomplete, go on. `fail`: the crash is retried. */
  readonly onError?: 'note' | 'fail';
  when?(context: RuleContext): boolean;
  /** Returns the fields it sets; the pipeline merges them and remembers which rule set which. */
  run(context: RuleContext, services: Pick<RuleServices, N>): Promise<Patch | undefined> | Patch | undefined;
}

export const defineRule = <N extends ServiceName = never>(rule: Rule<N>): Rule<N> => rule;
