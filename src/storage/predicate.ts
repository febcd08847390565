/** A condition on a raw crash, as data: it can be read, logged, tested and checked at start-up. Never code. */
import { createHash } from 'node:crypto';
import { SettingsError } from '../lib/settings.ts';
import type { RawCrash } from '../model/report.ts';

/** `field` is an annotation by name. */
export type Predicate =
  | { readonly field: string; readonly is: string | readonly string[] }
  /** A regular expression found anywhere in the first 4,096 characters of the value. */
  | { readonly field: string; readonly matches: string }
  | { readonly field: string; readonly exists: boolean }
  /** Percent of crashes, by a hash of the crash id: a retry is decided as the first time. */
  | { readonly sample: number }
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | { readonly not: Predicate };

export type Test = (raw: RawCrash) => boolean;

const PATTERN_LIMIT = 500;
const VALUE_LIMIT = 4096;
const DEPTH_LIMIT = 20;
/** Quadratic over a value of 4,096 characters takes milliseconds; worse is refused. */
const DEGREE_LIMIT = 2;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Checks and compiles; throws `SettingsError` that says which part is wrong. `label` is what the operator wrote. */
export async function compilePredicate(value: unknown, label: string): Promise<Test> {
  return compile(value, label, 0);
}

async function compile(value: unknown, at: string, depth: number): Promise<Test> {
  if (depth > DEPTH_LIMIT) throw new SettingsError(`${at}: nested more than ${DEPTH_LIMIT} deep`);
  if (!isObject(value))
    throw new SettingsError(`${at}: must be an object like {"field":"Version","is":["1.0"]}`);
  const keys = Object.keys(value).sort().join(' ');
  const { field, sample, all, any, not } = value;
  if (keys === 'all' || keys === 'any') {
    const tests = await compileList(all ?? any, `${at}.${keys}`, depth);
    return keys === 'all' ? (raw) => tests.every((t) => t(raw)) : (raw) => tests.some((t) => t(raw));
  }
  if (keys === 'not') {
    const test = await compile(not, `${at}.not`, depth + 1);
    return (raw) => !test(raw);
  }
  if (keys === 'sample') return sampler(sample, at);
  if (typeof field !== 'string' || !['field is', 'field matches', 'exists field'].includes(keys))
    throw new SettingsError(
      `${at}: has the keys "${keys}"; write field with is, matches or exists, or one of all, any, not, sample`,
    );
  return fieldTest(field, value, at);
}

async function compileList(value: unknown, at: string, depth: number): Promise<readonly Test[]> {
  if (!Array.isArray(value) || value.length === 0)
    throw new SettingsError(`${at}: must be a list of conditions`);
  return Promise.all(value.map((part: unknown, i) => compile(part, `${at}[${i}]`, depth + 1)));
}

function sampler(percent: unknown, at: string): Test {
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100))
    throw new SettingsError(`${at}.sample: must be a percentage from 0 to 100`);
  return (raw) => (createHash('sha256').update(raw.id).digest().readUInt32BE(0) / 2 ** 32) * 100 < percent;
}

async function fieldTest(field: string, value: Readonly<Record<string, unknown>>, at: string): Promise<Test> {
  const { is, matches, exists } = value;
  const read = (raw: RawCrash): string | undefined =>
    Object.hasOwn(raw.annotations, field) ? raw.annotations[field] : undefined;
  if (exists !== undefined) {
    if (typeof exists !== 'boolean') throw new SettingsError(`${at}.exists: must be true or false`);
    return (raw) => (read(raw) !== undefined) === exists;
  }
  if (matches !== undefined) {
    const pattern = await safePattern(matches, `${at}.matches`);
    return (raw) => pattern.test(read(raw)?.slice(0, VALUE_LIMIT) ?? '') && read(raw) !== undefined;
  }
  const wanted = new Set(typeof is === 'string' ? [is] : Array.isArray(is) ? is : [undefined]);
  if (wanted.size === 0 || ![...wanted].every((w) => typeof w === 'string'))
    throw new SettingsError(`${at}.is: must be a text or a list of texts`);
  return (raw) => wanted.has(read(raw));
}

/** The checker is a large module, needed only by those who use `matches`. */
async function safePattern(source: unknown, at: string): Promise<RegExp> {
  if (typeof source !== 'string' || source.length > PATTERN_LIMIT)
    throw new SettingsError(`${at}: must be a regular expression of at most ${PATTERN_LIMIT} characters`);
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, 'u');
  } catch (cause) {
    throw new SettingsError(`${at}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { checkSync } = await import('recheck');
  const found = checkSync(source, 'u', { timeout: 5000 });
  if (found.status === 'safe') return pattern;
  if (found.status === 'vulnerable' && found.complexity.type === 'polynomial') {
    if (found.complexity.degree <= DEGREE_LIMIT) return pattern;
  }
  throw new SettingsError(
    `${at}: /${source}/ can take very long on some values; write it without nested repetition`,
  );
}
