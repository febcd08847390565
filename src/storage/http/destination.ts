/** Where reports are sent, and which of them. */
import { createHash } from 'node:crypto';
import { SettingsError } from '../../lib/settings.ts';
import type { CrashId } from '../../model/crash-id.ts';

export interface Destination {
  readonly url: URL;
  /** Without user and password, for messages. */
  readonly label: string;
  /** 0 to 100. */
  readonly percent: number;
}

function percentOf(text: string, label: string): number {
  const percent = Number(text);
  if (text.trim() !== '' && percent >= 0 && percent <= 100) return percent;
  throw new SettingsError(`${label}: the sample ${JSON.stringify(text)} is no percentage from 0 to 100`);
}

/** `https://collector.example.com/submit`, or with the percentage it gets: `https://stage.example.com/submit|10`. */
export function parseDestination(text: string, percent: number, label: string): Destination {
  const bar = text.lastIndexOf('|');
  const address = bar < 0 ? text : text.slice(0, bar);
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw new SettingsError(`${label}: ${JSON.stringify(address)} is not an http or https URL`);
  const url = new URL(address);
  if (url.username !== '' || url.password !== '')
    throw new SettingsError(`${label}: a user and password do not belong into the URL; set the token`);
  const own = bar < 0 ? percent : percentOf(text.slice(bar + 1), label);
  return { url, label: `${url.origin}${url.pathname}`, percent: own };
}

/** By a hash of id and address: a report that is saved again goes where it went, and samples of several are not the same crashes. */
export function isChosen({ url, percent }: Destination, id: CrashId): boolean {
  const place = createHash('sha256').update(`${url.href} ${id}`).digest().readUInt32BE(0) / 2 ** 32;
  return place * 100 < percent;
}
