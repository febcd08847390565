/** Runs one processor rule on literals. */
import { Readable } from 'node:stream';
import type { ProcessedCrash, StackWalk } from '../../src/model/processed-crash.ts';
import type { Dump } from '../../src/model/report.ts';
import { loadRules } from '../../src/processor/load-rules.ts';
import type { AnyRule } from '../../src/processor/pipeline.ts';
import type { Patch, RuleContext } from '../../src/processor/rule.ts';
import { rawCrash } from './raw-crash.ts';

const rules = new Map((await loadRules([], import.meta.dirname)).map((rule) => [rule.name, rule]));

export interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly processed?: Readonly<Record<string, unknown>>;
  readonly walk?: StackWalk;
  readonly dumps?: readonly Dump[];
}

interface Ran {
  readonly patch: Patch | undefined;
  readonly notes: readonly string[];
}

export async function runRule(name: string, given: Given): Promise<Ran> {
  const rule = rules.get(name) as AnyRule;
  const notes: string[] = [];
  const context: RuleContext = {
    raw: rawCrash(given.annotations),
    dumps: given.dumps ?? [],
    processed: {
      ...given.processed,
      ...(given.walk ? { json_dump: given.walk } : {}),
    } as Partial<ProcessedCrash>,
    scratch: '/nonexistent',
    signal: new AbortController().signal,
    note: (text) => void notes.push(text),
  };
  if (rule.when && !rule.when(context)) return { patch: undefined, notes };
  return { patch: (await rule.run(context, {} as never)) ?? undefined, notes };
}

export const dumpOf = (name: string, bytes: Uint8Array): Dump => ({
  name,
  size: bytes.length,
  open: async () => Readable.from([bytes]),
});
