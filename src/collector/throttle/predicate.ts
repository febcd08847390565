/**
 * Conditions of throttle rules: data, never code.
 *
 * `{ "always": true }`, `{ "field": F, "exists": true }`, `"is": text or list`, `"starts_with": text or list`,
 * `"matches": regex`, `"version": { "<": "2.0" }`, `"number": { ">=": 5 }`, and of them `all`, `any`, `not`.
 * F is `product`, `version`, `channel` or an annotation. A condition on an annotation that is not there is false,
 * `"exists": false` aside.
 */
import { type Annotations, fieldValue } from './field.ts';
import { compareVersions } from './versions.ts';

export type Predicate = (annotations: Annotations) => boolean;

/** What is wrong with a rule; the reader of the file adds where. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

type Json = Readonly<Record<string, unknown>>;
type Test = (value: string) => boolean;

/** Compiles a pattern; rejects with `RuleError` when it is no regex or can back-track badly. */
export type PatternCompiler = (source: string) => Promise<RegExp>;

const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '>=': (order) => order >= 0,
  '>': (order) => order > 0,
};
const TESTS = ['exists', 'is', 'starts_with', 'matches', 'version', 'number'] as const;
/** Longer values are cut before a regex sees them. */
const MAX_MATCHED = 10_000;
const MAX_DEPTH = 20;

export const asObject = (value: unknown, what: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RuleError(`${what} must be an object`);
  }
  return value as Json;
};

function texts(value: unknown, what: string): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every((item): item is string => typeof item === 'string')) {
    throw new RuleError(`${what} must be text or a list of texts`);
  }
  return list;
}

type Comparison = (value: string) => number | undefined;

/** `{ ">=": "1.2", "<": "2" }`: all of them. */
function comparisons(value: unknown, what: string, against: (bound: unknown) => Comparison): Test {
  const tests = Object.entries(asObject(value, what)).map(([operator, bound]) => {
    const holds = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    if (!holds) throw new RuleError(`${what}: ${operator} is none of ${Object.keys(OPERATORS).join(' ')}`);
    const compare = against(bound);
    return (text: string): boolean => {
      const order = compare(text);
      return order !== undefined && holds(order);
    };
  });
  if (tests.length === 0) throw new RuleError(`${what} compares with nothing`);
  return (text) => tests.every((test) => test(text));
}

function againstVersion(bound: unknown): Comparison {
  if (typeof bound !== 'string' || !/\d/.test(bound))
    throw new RuleError('version must be compared with text like "1.2"');
  return (value) => (/\d/.test(value) ? compareVersions(value, bound) : undefined);
}

function againstNumber(bound: unknown): Comparison {
  if (typeof bound !== 'number' || !Number.isFinite(bound))
    throw new RuleError('number must be compared with a number');
  return (value) => {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    return Number.isNaN(number) ? undefined : number - bound;
  };
}

async function testOf(kind: (typeof TESTS)[number], value: unknown, compile: PatternCompiler): Promise<Test> {
  switch (kind) {
    case 'exists':
      if (typeof value !== 'boolean') throw new RuleError('exists must be true or false');
      return () => value;
    case 'is': {
      const wanted = new Set(texts(value, 'is'));
      return (text) => wanted.has(text);
    }
    case 'starts_with': {
      const prefixes = texts(value, 'starts_with');
      return (text) => prefixes.some((prefix) => text.startsWith(prefix));
    }
    case 'matches': {
      if (typeof value !== 'string') throw new RuleError('matches must be a regular expression');
      const pattern = await compile(value);
      return (text) => pattern.test(text.slice(0, MAX_MATCHED));
    }
    case 'version':
      return comparisons(value, 'version', againstVersion);
    case 'number':
      return comparisons(value, 'number', againstNumber);
  }
}

async function fieldPredicate(rule: Json, compile: PatternCompiler): Promise<Predicate> {
  const { field } = rule;
  if (typeof field !== 'string' || field === '') throw new RuleError('field must be text');
  const kinds = TESTS.filter((kind) => Object.hasOwn(rule, kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1)
    throw new RuleError(`field needs exactly one of ${TESTS.join(', ')}`);
  only(rule, ['field', kind]);
  const test = await testOf(kind, rule[kind], compile);
  const isAbsence = kind === 'exists' && rule[kind] === false;
  return (annotations) => {
    const value = fieldValue(annotations, field);
    return value === undefined ? isAbsence : test(value);
  };
}

export function only(rule: Json, keys: readonly string[]): void {
  const other = Object.keys(rule).find((key) => !keys.includes(key));
  if (other !== undefined) throw new RuleError(`${other} is not known here`);
}

async function listOf(
  value: unknown,
  what: string,
  compile: PatternCompiler,
  depth: number,
): Promise<Predicate[]> {
  if (!Array.isArray(value) || value.length === 0)
    throw new RuleError(`${what} must be a list of conditions`);
  const predicates: Predicate[] = [];
  for (const item of value) predicates.push(await parsePredicate(item, compile, depth + 1));
  return predicates;
}

/** Rejects with `RuleError`. */
export async function parsePredicate(
  value: unknown,
  compile: PatternCompiler,
  depth = 0,
): Promise<Predicate> {
  if (depth > MAX_DEPTH) throw new RuleError('conditions are nested too deeply');
  const rule = asObject(value, 'a condition');
  if (Object.hasOwn(rule, 'field')) return fieldPredicate(rule, compile);
  const [kind, ...more] = Object.keys(rule);
  if (more.length > 0)
    throw new RuleError(`a condition is one thing; here are ${Object.keys(rule).join(', ')}`);
  if (kind === 'always' && rule[kind] === true) return () => true;
  if (kind === 'not') {
    const inner = await parsePredicate(rule[kind], compile, depth + 1);
    return (annotations) => !inner(annotations);
  }
  if (kind === 'all' || kind === 'any') {
    const inner = await listOf(rule[kind], kind, compile, depth);
    if (kind === 'all') return (annotations) => inner.every((predicate) => predicate(annotations));
    return (annotations) => inner.some((predicate) => predicate(annotations));
  }
  throw new RuleError('a condition has field, always, all, any or not');
}
