/** What a collector's answer means. */
import type { CrashId } from '../../model/crash-id.ts';
import { StorageError, type StorageErrorCode } from '../errors.ts';

export interface Answer {
  readonly status: number;
  /** The beginning of the body. */
  readonly text: string;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
}

const ID = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/;
const SHOWN = 120;

const STATUS_CODES: Readonly<Record<number, StorageErrorCode>> = {
  401: 'permission_denied',
  403: 'permission_denied',
  407: 'permission_denied',
  408: 'timeout',
  425: 'unavailable',
  429: 'rate_limited',
  504: 'timeout',
  507: 'full',
};

/** Printable and short: it goes into logs. */
const shown = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, SHOWN) || 'no text';

function codeOf(status: number): StorageErrorCode {
  const known = STATUS_CODES[status];
  if (known) return known;
  return status >= 500 ? 'unavailable' : 'invalid';
}

/** `{"discarded": …}` or `Discarded=…`: the destination heard the report and does not want it. */
const discarded = (text: string): string | undefined =>
  /^\s*Discarded=(\S*)/.exec(text)?.[1] ?? /"discarded"\s*:\s*"([^"]*)"/.exec(text)?.[1];

/**
 * Throws unless the report was taken. `keptId` is the id that the collector was asked to keep. Its answer has the id in one
 * of four forms: `CrashID=bp-…`, bare, JSON, or its first 16 hex digits.
 */
export function checkAnswer(store: string, where: string, answer: Answer, keptId: CrashId | undefined): void {
  const { status, text, location } = answer;
  const fail = (code: StorageErrorCode, detail: string): never => {
    throw new StorageError(code, store, `${where} ${detail}`);
  };
  const reason = discarded(text);
  if (status >= 300 && status < 400)
    fail('invalid', `answers ${status}, it has moved to ${shown(location ?? '')}: set that as the URL`);
  if (status === 401 && reason === 'unauthorized_uuid')
    fail('permission_denied', 'does not take our token (COLLECTOR_RESUBMIT_TOKEN there, TOKEN here)');
  if (status < 200 || status >= 300) fail(codeOf(status), `answers ${status}: ${shown(text)}`);
  if (reason !== undefined) fail('invalid', `discards the report: ${shown(reason)}`);
  const full = ID.exec(text)?.[1];
  const start = /^\s*([0-9a-f]{16})\s*$/.exec(text)?.[1];
  if (full === undefined && start === undefined)
    fail('internal', `answers ${status} without a crash id, as no collector does: ${shown(text)}`);
  if (keptId === undefined) return;
  const kept = full ? full === keptId : keptId.replaceAll('-', '').startsWith(start ?? ' ');
  if (!kept) fail('internal', `took ${keptId} under another id: ${shown(text)}`);
}

/** Milliseconds that a Retry-After header asks for: seconds, or a date. Undefined when it says nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
