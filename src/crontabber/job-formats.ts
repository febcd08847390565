/** Formats that only settings of jobs have. What is wrong with a value is said at the start, not at night. */
import convict from 'convict';
import { LANES } from '../queue/contract.ts';

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { d: 1, w: 7, y: 365 };

/** `180d`, `26w`, `1y`: whole days, at least one. A bare number would be seconds elsewhere, and is refused. */
convict.addFormat({
  name: 'retention',
  validate(value: unknown) {
    if (value !== null && typeof value !== 'number')
      throw new Error('must be like 180d, 26w or 1y, at least 1d, or empty to keep for ever');
  },
  coerce(value: unknown) {
    if (typeof value !== 'string') return value;
    if (value.trim() === '') return null;
    const match = /^([1-9]\d{0,4})([dwy])$/.exec(value.trim());
    const unit = UNITS[match?.[2] ?? ''];
    return match && unit !== undefined ? Number(match[1]) * unit * DAY_MS : value;
  },
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fromJson(value: unknown, empty: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.trim() === '' ? empty : (JSON.parse(value) as unknown);
}

/** A JSON list of objects with `name`, `kind` and `url`; the rest is for the adapter to say. */
convict.addFormat({
  name: 'feeds',
  validate(value: unknown) {
    if (!Array.isArray(value) || !value.every(isObject)) throw new Error('must be a JSON list of objects');
    const names = value.map(checkFeed);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`two feeds are named ${twice}`);
  },
  coerce: (value: unknown) => fromJson(value, []),
});

function checkFeed(entry: Readonly<Record<string, unknown>>, index: number): string {
  const { name, kind, url } = entry;
  const where = `feed ${index + 1}`;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,39}$/.test(name))
    throw new Error(`${where}: "name" is lower-case letters, digits, _ and -`);
  if (typeof kind !== 'string') throw new Error(`${where} (${name}): "kind" is missing`);
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new Error(`${where} (${name}): "url" is an http or https address`);
  if (parsed.username !== '' || parsed.password !== '')
    throw new Error(`${where} (${name}): credentials go into the setting of the tokens, not into "url"`);
  return name;
}

convict.addFormat({
  name: 'tokens',
  validate(value: unknown) {
    if (!isObject(value) || !Object.values(value).every((token) => typeof token === 'string'))
      throw new Error('must be a JSON object of tokens by the name of the feed');
  },
  coerce: (value: unknown) => fromJson(value, {}),
});

/** Lanes, and `dead`: tasks that were set aside. */
const LIMITED: readonly string[] = [...LANES, 'dead'];

convict.addFormat({
  name: 'lane-limits',
  validate(value: unknown) {
    if (!isObject(value)) throw new Error('must be like standard=10000, dead=0');
    for (const [lane, limit] of Object.entries(value)) {
      if (!LIMITED.includes(lane)) throw new Error(`${lane} is no lane: write ${LIMITED.join(', ')}`);
      if (!Number.isSafeInteger(limit) || Number(limit) < 0)
        throw new Error(`the limit of ${lane} must be a whole number`);
    }
  },
  coerce(value: unknown) {
    if (typeof value !== 'string') return value;
    const parts = value.split(',').map((part) => part.trim());
    return Object.fromEntries(
      parts.filter(Boolean).map((part) => {
        const [lane = '', limit = ''] = part.split('=').map((text) => text.trim());
        return [lane, /^\d+$/.test(limit) ? Number(limit) : Number.NaN];
      }),
    );
  },
});
