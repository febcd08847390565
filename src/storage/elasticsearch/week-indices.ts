/**
 * Which index a crash is in: that of the week of the day in its id, named by a template such as `socorro%Y%W`.
 *
 * The original goes by the processed crash's `date_processed`. That is the same day, unless somebody processes a crash
 * again with another date: then the crash is in two indices and every answer counts it twice. By its id it has one
 * place, which reading, replacing and removing find without a search. Test: "saved again with another date".
 */
import { DAY_MS, isoDay } from '../../lib/clock.ts';
import { type CrashId, dayOf } from '../../model/crash-id.ts';

/** A week, cut at the turn of the year as Python's `%W` has it: from the first day to the one after the last. */
export interface Week {
  readonly first: string;
  /** Not in it. */
  readonly end: string;
}

const YEAR = '%Y';
const WEEK = '%W';
/** What Elasticsearch takes for an index, and a letter first: a pattern must not begin with a wildcard. */
const LITERAL = /^[a-z0-9._-]*$/;
/** Elasticsearch's limit on an index name. */
const MAX_NAME_BYTES = 255;

/** What is wrong with a template; undefined when nothing is. */
export function templateFault(template: string): string | undefined {
  const [before = '', between = '', after = ''] = template.split(/%[YW]/);
  const isWhole = template === `${before}${YEAR}${between}${WEEK}${after}`;
  if (!isWhole || /%/.test(before + between + after))
    return 'has %Y (year) and %W (week) once each, in this order, and no other %';
  if (!LITERAL.test(before + between + after) || !/^[a-z]/.test(before))
    return 'begins with a letter and has lower-case letters, digits, ".", "_" and "-" beside %Y and %W';
  return nameOf(template, 2000, 0).length > MAX_NAME_BYTES ? 'is too long' : undefined;
}

const nameOf = (template: string, year: number, week: number): string =>
  template.replace(YEAR, String(year)).replace(WEEK, String(week).padStart(2, '0'));

const utc = (day: string): Date => new Date(`${day}T00:00:00Z`);

/** Python's `%W`: Monday is the first day of a week, and the days before the first Monday of the year are week 0. */
export function pythonWeek(day: string): number {
  const date = utc(day);
  const dayOfYear = (date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS;
  const daysSinceMonday = (date.getUTCDay() + 6) % 7;
  return Math.floor((dayOfYear + 7 - daysSinceMonday) / 7);
}

/** An id whose digits are no date has the first day of its year: it must have some place, and always the same. */
const placeOf = (id: CrashId): string => dayOf(id) ?? `20${id.slice(-6, -4)}-01-01`;

export class WeekIndices {
  /** Every index of ours and, unless names were badly chosen, no other. The year of a crash id is 20YY. */
  readonly pattern: string;
  /** Of the index template. */
  readonly templateName: string;
  /** Of the index that is there while a process changes the template; no pattern of ours matches it. */
  readonly lockName: string;
  readonly #template: string;
  readonly #regex: RegExp;

  /** The template has no `templateFault`. */
  constructor(template: string) {
    this.#template = template;
    this.pattern = template.replace(YEAR, '20*').replace(WEEK, '*').replaceAll('**', '*');
    this.templateName = `auxilio-${template.replace(YEAR, 'year').replace(WEEK, 'week')}`;
    this.lockName = template.replace(YEAR, 'lock').replace(WEEK, '');
    const literal = template.replaceAll(/[.]/g, '\\.');
    this.#regex = new RegExp(`^${literal.replace(YEAR, '(20\\d\\d)').replace(WEEK, '(\\d\\d)')}$`);
  }

  of(id: CrashId): string {
    return this.on(placeOf(id));
  }

  /** `day` is `YYYY-MM-DD`, a real one. */
  on(day: string): string {
    return nameOf(this.#template, Number(day.slice(0, 4)), pythonWeek(day));
  }

  /** Undefined when it is no index of ours. */
  weekOf(index: string): Week | undefined {
    const [, year, week] = this.#regex.exec(index) ?? [];
    if (year === undefined || week === undefined) return undefined;
    const newYear = utc(`${year}-01-01`);
    const firstMonday = newYear.getTime() + ((8 - newYear.getUTCDay()) % 7) * DAY_MS;
    const monday = firstMonday + (Number(week) - 1) * 7 * DAY_MS;
    const first = isoDay(new Date(Math.max(monday, newYear.getTime())));
    const nextYear = utc(`${Number(year) + 1}-01-01`).getTime();
    const end = isoDay(new Date(Math.min(monday + 7 * DAY_MS, nextYear)));
    return first < end && this.on(first) === index ? { first, end } : undefined;
  }
}
