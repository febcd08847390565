/** Which uploads are kept: rules in order, the first that decides wins. */
import type { ThrottleDigit } from '../../model/crash-id.ts';
import type { Annotations } from './field.ts';
import type { Predicate } from './predicate.ts';

/**
 * `accept`: stored and queued. `defer`: stored, queued when somebody asks. `reject`: the client hears the rule.
 * `discard`: it hears `Discarded=1` and need not come back. `fake-accept`: it hears a crash id, nothing is kept.
 */
export type ThrottleResult = 'accept' | 'defer' | 'discard' | 'reject' | 'fake-accept';

/** Of a sample `percent` get `in`, the others `out`; `continue` goes on to the next rule. */
export interface Sample {
  readonly percent: number;
  readonly in: ThrottleResult | 'continue';
  readonly out: ThrottleResult | 'continue';
}

export interface ThrottleRule {
  /** `[a-z0-9_]+` */
  readonly name: string;
  readonly when: Predicate;
  readonly result: ThrottleResult | Sample;
}

export type ThrottleRules = readonly ThrottleRule[];

export interface ThrottleDecision {
  readonly result: ThrottleResult;
  readonly rule: string;
  /** 100 for a plain result, the sample's percentage, 0 when nothing matched. */
  readonly percent: number;
}

/** The digit that the crash id carries. */
export const DIGITS: Readonly<Record<ThrottleResult, ThrottleDigit>> = {
  accept: 0,
  defer: 1,
  discard: 2,
  reject: 2,
  'fake-accept': 3,
};

/** `random` answers in [0, 1). An upload that no rule decides is rejected with `NO_MATCH`, as Socorro does. */
export function decide(
  rules: ThrottleRules,
  annotations: Annotations,
  random: () => number,
): ThrottleDecision {
  for (const rule of rules) {
    if (!rule.when(annotations)) continue;
    if (typeof rule.result === 'string') return { result: rule.result, rule: rule.name, percent: 100 };
    const { percent } = rule.result;
    const result = random() * 100 <= percent ? rule.result.in : rule.result.out;
    if (result !== 'continue') return { result, rule: rule.name, percent };
  }
  return { result: 'reject', rule: 'NO_MATCH', percent: 0 };
}
