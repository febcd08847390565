/**
 * Crash ids: a lower-case UUID v4 whose last seven characters are replaced by one digit and the UTC date,
 * `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxDYYMMDD`. The digit is the throttle result (0 accepted, 1 deferred); older
 * systems kept the depth of their radix tree there, so nothing but the collector may read a meaning into it.
 */
import { randomUUID } from 'node:crypto';

declare const brand: unique symbol;
/** Valid by construction: make one with `createCrashId` or `parseCrashId`. */
export type CrashId = string & { readonly [brand]: 'CrashId' };

/** What the digit before the date says of the upload. 2 and 3 are answered to clients but never stored. */
export type ThrottleDigit = 0 | 1 | 2 | 3;

const SHAPE = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{6}[0-9]{6}(?![\s\S])/;

export function createCrashId(now: Date, digit: ThrottleDigit = 0): CrashId {
  const date = now.toISOString();
  return `${randomUUID().slice(0, -7)}${digit}${date.slice(2, 4)}${date.slice(5, 7)}${date.slice(8, 10)}` as CrashId;
}

/** Shape only: the date need not exist, as in the systems whose ids we read. */
export const isCrashId = (text: string): text is CrashId => SHAPE.test(text);

/**
 * A bare id, `bp-` and an id, or the URL of a report page: its path starts with `/report/index` and ends with an id
 * (socorro.md §1.5). Nothing else, spaces around it neither: those who ask people trim what they typed.
 */
export function parseCrashId(text: string): CrashId | undefined {
  const bare = text.startsWith('bp-') ? text.slice(3) : text;
  if (isCrashId(bare)) return bare;
  if (!text.startsWith('http')) return undefined;
  const path = pathOf(text);
  const last = path.slice(path.lastIndexOf('/') + 1);
  return path.startsWith('/report/index') && isCrashId(last) ? last : undefined;
}

const UUID = /^[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}(?![\s\S])/;

/**
 * Whatever a store may hold, as people write it: a crash id in the forms above, or a UUID without a date, bare, after `bp-`
 * or at the end of a page's address, such as the OOPS ids of Ubuntu (version 1). Capitals are taken for small letters.
 */
export function parseStoredId(text: string): CrashId | undefined {
  const small = text.toLowerCase();
  const crash = parseCrashId(text) ?? parseCrashId(small);
  if (crash) return crash;
  const bare = small.startsWith('bp-') ? small.slice(3) : small;
  const last = bare.startsWith('http') ? pathOf(bare).replace(/^.*\//, '') : bare;
  return UUID.test(last) ? (last as CrashId) : undefined;
}

/** As RFC 1808 splits a URL, with or without a host; `;` begins the parameters of the last segment. */
function pathOf(url: string): string {
  const [, , path = ''] = /^[a-z][a-z0-9+.-]*:(\/\/[^/?#]*)?([^?#]*)/i.exec(url) ?? [];
  return path.replace(/;[^/]*$/, '');
}

/** The UTC day in the id as `YYYY-MM-DD`; undefined when its digits are no date. */
export function dayOf(id: CrashId): string | undefined {
  const day = `20${id.slice(-6, -4)}-${id.slice(-4, -2)}-${id.slice(-2)}`;
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day ? undefined : day;
}

/** The digit before the date. */
export const throttleDigitOf = (id: CrashId): number => Number.parseInt(id.at(-7) ?? '', 16);
