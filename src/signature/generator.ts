import { DependencyError, toposort } from '../lib/toposort.ts';
import type { CrashData } from './crash-data.ts';
import { defaultRules } from './default-rules.ts';
import type { MemoLimits } from './frame-memo.ts';
import { FrameNamer } from './frame-namer.ts';
import type { SignatureLists } from './lists.ts';
import type { SignatureRule } from './rule.ts';
import { SignatureRun } from './signature-run.ts';
import type { SignatureResult } from './trace.ts';

/** Goes up with every change that can change a signature; stored in each trace. */
export const GENERATOR_VERSION = '2026.4';

/**
 * Room for 100,000 distinct frames of 200 characters, some 50 MB. Names in other scripts take two bytes a
 * character, so that hostile ones could take a hundred.
 */
const MEMO_LIMITS: MemoLimits = { entries: 120_000, characters: 24_000_000 };

export interface GeneratorOptions {
  readonly lists: SignatureLists;
  /** Instead of the rules that come with the package: `[...defaultRules, mine]` has both. */
  readonly rules?: readonly SignatureRule[];
  /** Of the memo of frame names. */
  readonly cache?: MemoLimits;
}

export interface GenerateOptions {
  /** False leaves frames and steps out of the trace: for previews of many crashes. */
  readonly trace?: boolean;
}

/** What makes signatures, whether its lists are fixed or follow the files. */
export interface Signatures {
  /** Those of the next crash. */
  readonly lists: SignatureLists;
  generate(data: CrashData, options?: GenerateOptions): SignatureResult;
}

/** Makes signatures. Pure: same lists, rules and data, same result; never throws for data, never edits it. */
export class SignatureGenerator implements Signatures {
  readonly lists: SignatureLists;
  readonly #rules: readonly SignatureRule[];
  readonly #namer: FrameNamer;

  /** Throws `DependencyError` when the rules' `after` and `before` name an unknown rule or go in a circle. */
  constructor(options: GeneratorOptions) {
    this.lists = options.lists;
    this.#rules = inOrder(options.rules ?? defaultRules);
    this.#namer = new FrameNamer(options.lists, options.cache ?? MEMO_LIMITS);
  }

  generate(data: CrashData, options: GenerateOptions = {}): SignatureResult {
    const run = new SignatureRun(this.#namer, data, {
      trace: options.trace ?? true,
      version: GENERATOR_VERSION,
    });
    for (const rule of this.#rules) run.apply(rule);
    return run.result();
  }
}

/** Throws `DependencyError`. `before` of one rule is `after` of the other. */
export function inOrder(rules: readonly SignatureRule[]): readonly SignatureRule[] {
  const names = new Set(rules.map((rule) => rule.name));
  for (const { name, before } of rules) {
    const unknown = before?.find((other) => !names.has(other));
    if (unknown !== undefined)
      throw new DependencyError(`signature rule ${name} comes before ${unknown}, which does not exist`);
  }
  const nodes = rules.map((rule) => ({
    name: rule.name,
    after: [
      ...(rule.after ?? []),
      ...rules.filter(({ before }) => before?.includes(rule.name)).map(({ name }) => name),
    ],
    rule,
  }));
  return toposort(nodes, 'signature rule').map((node) => node.rule);
}
