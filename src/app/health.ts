/** Health of everything configured, by name: `ok`, or why not. */
import { isAborted, raceSignal, throwIfAborted } from '../lib/abort.ts';
import type { CallOptions } from '../model/report.ts';
import type { Health } from '../storage/contract.ts';
import type { App } from './app.ts';

/** How long one of them may take, in milliseconds. */
export interface HealthLimits {
  readonly openMs: number;
  /** Begins when all are open or given up: what takes long to load is not counted against the others. */
  readonly answerMs: number;
}

export interface Healthy {
  /** Rejects when it is not well. Resolves with a store's `Health`, with the line to show, or with nothing. */
  health(options: CallOptions): Promise<unknown>;
}

export interface HealthCheck {
  readonly name: string;
  open(options: CallOptions): Promise<Healthy>;
}

export interface HealthState {
  readonly name: string;
  readonly isWell: boolean;
  /** `ok`, which may have a remark; a warning; or why not. */
  readonly text: string;
  /** It was given up, and may never come to an end. */
  readonly isLate: boolean;
}

const LIMITS: HealthLimits = { openMs: 5_000, answerMs: 5_000 };

/** The caller's signal ends everything; the limit only this one. */
async function within<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const either = signal ? AbortSignal.any([signal, limit.signal]) : limit.signal;
  try {
    return await raceSignal(work({ signal: either }), either);
  } catch (error) {
    throwIfAborted(signal);
    if (limit.signal.aborted && isAborted(error)) throw new LateError(limitMs, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

class LateError extends Error {
  constructor(limitMs: number, cause: unknown) {
    super(`no answer within ${limitMs / 1000} s`, { cause });
  }
}

/** A store's errors begin with its name, under which the state is listed. */
export function reasonOf(error: unknown, name: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text;
}

function wellOrNot(name: string, health: unknown): HealthState {
  if (typeof health === 'string') return { name, isWell: true, text: health, isLate: false };
  const { degraded = [] } = (health ?? {}) as Partial<Health>;
  if (degraded.length === 0) return { name, isWell: true, text: 'ok', isLate: false };
  return { name, isWell: false, text: `degraded: ${degraded.join(', ')}`, isLate: false };
}

const failed = (name: string, error: unknown): HealthState => ({
  name,
  isWell: false,
  text: reasonOf(error, name),
  isLate: error instanceof LateError,
});

/** Each with its own limits, whatever becomes of the others. Rejects only when the signal aborts. */
export async function statesOf(
  checks: readonly HealthCheck[],
  { openMs, answerMs, signal }: HealthLimits & CallOptions,
): Promise<readonly HealthState[]> {
  const opened = await Promise.allSettled(
    checks.map(({ open }) => within(openMs, signal, (options) => open(options))),
  );
  throwIfAborted(signal);
  const states = checks.map(async ({ name }, i): Promise<HealthState> => {
    const one = opened[i] as PromiseSettledResult<Healthy>;
    if (one.status === 'rejected') return failed(name, one.reason);
    try {
      return wellOrNot(name, await within(answerMs, signal, (options) => one.value.health(options)));
    } catch (error) {
      throwIfAborted(signal);
      return failed(name, error);
    }
  });
  return Promise.all(states);
}

export const storeChecks = (app: App): readonly HealthCheck[] =>
  [...app.configuration.stores.keys()].map((name) => ({
    name,
    open: async () => (await app.stores()).get(name),
  }));

const running = (app: App): readonly HealthCheck[] => [
  ...storeChecks(app),
  { name: 'queue', open: () => app.queue() },
];

/** A store may be called `queue` or `database`: what is not well is not hidden by its namesake. */
const byName = (states: readonly HealthState[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    states.toSorted((a, b) => Number(b.isWell) - Number(a.isWell)).map(({ name, text }) => [name, text]),
  );

/** Every configured store, and `queue`. A store that cannot be opened is listed with its reason. */
export const storesHealth = async (app: App): Promise<Readonly<Record<string, string>>> =>
  byName(await statesOf(running(app), LIMITS));

/** The same, and `database`, which takes the outcomes. */
export async function collectorHealth(
  app: App,
  limits: HealthLimits,
): Promise<Readonly<Record<string, string>>> {
  const database: HealthCheck = { name: 'database', open: () => app.database() };
  return byName(await statesOf([...running(app), database], limits));
}

/** `ok`, or why the lists on disk are not those in use. A broken edit is no outage: the old lists go on working. */
export async function listsHealth(app: App): Promise<string> {
  try {
    const { broken } = (await app.signatures()).state;
    return broken === undefined ? 'ok' : `the old lists are in use: ${broken}`;
  } catch (error) {
    return reasonOf(error, 'signatures');
  }
}
