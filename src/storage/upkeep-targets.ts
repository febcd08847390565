/** Which backends a name or expression comes to, for those who prepare, sweep or empty them without opening anything. */
import type { Log } from '../lib/log.ts';
import type { OpenContext } from './definition.ts';
import { type PlanOptions, parseWritten, planStore, type StorePlan, type Written } from './definitions.ts';
import { StorageError } from './errors.ts';
import { formatExpression } from './expression.ts';

export interface UpkeepTarget {
  readonly name: string;
  readonly plan: StorePlan;
  readonly context: OpenContext;
}

export interface UpkeepPlanOptions extends PlanOptions {
  readonly dataDir: string;
  readonly log: Log;
}

/** The leaves, each once, in order. Rejects with `SettingsError`; `label` is what the operator wrote the expression in. */
export async function upkeepTargets(
  expression: string,
  options: UpkeepPlanOptions,
  label: string,
): Promise<readonly UpkeepTarget[]> {
  const targets = new Map<string, UpkeepTarget>();
  await collect(parseWritten(expression, label), options, targets, []);
  return [...targets.values()];
}

async function collect(
  written: Written,
  options: UpkeepPlanOptions,
  targets: Map<string, UpkeepTarget>,
  path: readonly string[],
): Promise<void> {
  const name = formatExpression(written.expression);
  // A circle is reported by whoever opens the stores; here each leaf is visited once.
  if (targets.has(name) || path.includes(name)) return;
  const plan = await planStore(written, options);
  for (const child of plan.children) await collect(child, options, targets, [...path, name]);
  if (plan.backend.childKeys) return;
  await plan.backend.check(plan.options, plan.label);
  const refuse = (child: string): Promise<never> =>
    Promise.reject(new StorageError('unsupported', name, `opens no other store (${child})`));
  const { dataDir, log } = options;
  targets.set(name, { name, plan, context: { name, dataDir, log, store: refuse } });
}
