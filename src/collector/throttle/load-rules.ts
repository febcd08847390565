/** Throttle rules from a JSON file, or the built-in ones. */
import { readFile } from 'node:fs/promises';
import { SettingsError } from '../../lib/settings.ts';
import type { CallOptions } from '../../model/report.ts';
import { builtInRules } from './built-in-rules.ts';
import { asObject, only, type PatternCompiler, parsePredicate, RuleError } from './predicate.ts';
import type { Sample, ThrottleResult, ThrottleRule, ThrottleRules } from './throttle.ts';

const RESULTS: readonly ThrottleResult[] = ['accept', 'defer', 'discard', 'reject', 'fake-accept'];
const NAME = /^[a-z0-9_]+$/;
const LONGEST_CHECK_MS = 5000;

/** recheck is loaded only when a rule has a pattern: it is large. */
const compilePattern: PatternCompiler = async (source) => {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'u');
  } catch (cause) {
    throw new RuleError(`matches: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { checkSync } = await import('recheck');
  const { status } = checkSync(source, 'u', { timeout: LONGEST_CHECK_MS });
  if (status === 'vulnerable')
    throw new RuleError(`matches: ${source} can take for ever on hostile text; rewrite it`);
  return pattern;
};

function outcomeOf(value: unknown, mayContinue: boolean): ThrottleResult | 'continue' {
  if (mayContinue && value === 'continue') return 'continue';
  const result = RESULTS.find((known) => known === value);
  if (!result) {
    const known = mayContinue ? [...RESULTS, 'continue'] : RESULTS;
    throw new RuleError(`${JSON.stringify(value)} is no result; there are ${known.join(', ')}`);
  }
  return result;
}

/** A bare `continue` would make the rule do nothing, and is refused. */
function parseResult(value: unknown): ThrottleResult | Sample {
  if (typeof value === 'string') return outcomeOf(value, false) as ThrottleResult;
  const sample = asObject(value, 'result');
  only(sample, ['percent', 'in', 'out']);
  const { percent } = sample;
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100)) {
    throw new RuleError('percent must be from 0 to 100');
  }
  return { percent, in: outcomeOf(sample['in'], true), out: outcomeOf(sample['out'], true) };
}

async function parseRule(value: unknown): Promise<ThrottleRule> {
  const rule = asObject(value, 'a rule');
  only(rule, ['name', 'when', 'result', 'comment']);
  const { name } = rule;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new RuleError('name must be letters a-z, digits and _');
  return {
    name,
    when: await parsePredicate(rule['when'], compilePattern),
    result: parseResult(rule['result']),
  };
}

/** `source` is the file's name, for errors. Rejects with `SettingsError`: file, index and name of the rule, reason. */
export async function parseThrottleRules(value: unknown, source: string): Promise<ThrottleRules> {
  const list = typeof value === 'object' && value !== null && 'rules' in value ? value.rules : value;
  if (!Array.isArray(list)) throw new SettingsError(`${source}: must be a list of rules, or {"rules": […]}`);
  const rules: ThrottleRule[] = [];
  for (const [index, item] of list.entries()) {
    const name = (item as { name?: unknown } | null)?.name;
    const where = `${source}: rule ${index}${typeof name === 'string' ? ` (${name})` : ''}`;
    try {
      const rule = await parseRule(item);
      if (rules.some((other) => other.name === rule.name)) throw new RuleError('its name is taken');
      rules.push(rule);
    } catch (cause) {
      if (!(cause instanceof RuleError)) throw cause;
      throw new SettingsError(`${where}: ${cause.message}`, { cause });
    }
  }
  return rules;
}

/** The rules of `settings.throttle_rules`, or the built-in ones. Rejects with `SettingsError`. */
export async function loadThrottleRules(
  settings: { readonly throttle_rules: string; readonly products: readonly string[] },
  { signal }: CallOptions = {},
): Promise<ThrottleRules> {
  const file = settings.throttle_rules;
  if (file === '') return parseThrottleRules(builtInRules(settings.products), 'built-in throttle rules');
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, { encoding: 'utf8', signal }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SettingsError(`COLLECTOR_THROTTLE_RULES: ${file}: ${reason}`, { cause });
  }
  return parseThrottleRules(value, file);
}
