/**
 * The jobs that are to run: the list of CRONTABBER_JOBS, or the default one with its edits, joined with the definitions.
 * Every mistake is found, not only the first.
 */
import { nearest, SettingsError } from '../lib/settings.ts';
import { DependencyError, toposort } from '../lib/toposort.ts';
import type { AnyJob } from './job.ts';
import { type Schedule, scheduleOf, type Timing } from './period.ts';

/** A definition and where it comes from. */
export interface KnownJob {
  readonly definition: AnyJob;
  /** What one looks for to read its code: `auxilio/crontabber/jobs/NAME`, or as CRONTABBER_MODULES names it. */
  readonly source: string;
}

export interface ScheduledJob {
  readonly name: string;
  readonly source: string;
  /** Its place among the jobs as they are configured, from 0; they run in another order. */
  readonly place: number;
  readonly definition: AnyJob;
  readonly after: readonly string[];
  readonly schedule: Schedule;
}

export interface JobCatalogue {
  /** Everything that may be named. */
  readonly known: readonly KnownJob[];
  /** What the original called a job, and what it is called here. */
  readonly oldNames: ReadonlyMap<string, string>;
}

export interface JobList {
  /** Sorted: each job after those it depends on, else by name. */
  readonly jobs: readonly ScheduledJob[];
  /** One line for each mistake, with the entry. Jobs that have one are not in the list. */
  readonly errors: readonly string[];
}

interface Entry {
  /** As written. */
  readonly text: string;
  readonly how: 'list' | 'add' | 'leave out';
  readonly name: string;
  readonly timing: Partial<Timing>;
}

const CLOCK = /:/;
/** What a timer can hold. */
const LONGEST_JOB_MS = 2 ** 31 - 1;

const shown = (text: string): string => JSON.stringify(text);

/** Items as the original splits them: by line, `,` or `;`; those that begin with `#` are comments. */
export const splitEntries = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => line.split(/[,;]/))
    .map((item) => item.trim())
    .filter((item) => item !== '' && !item.startsWith('#'));

/** Throws `SettingsError`. */
function parseEntry(text: string): Entry {
  const sign = text.startsWith('+') || text.startsWith('-') ? text[0] : undefined;
  const how = sign === '+' ? 'add' : sign === '-' ? 'leave out' : 'list';
  const [name = '', first, second, ...more] = text
    .slice(sign ? 1 : 0)
    .split('|')
    .map((part) => part.trim());
  if (name === '') throw new SettingsError('no name of a job: write name|1d or name|1d|06:00');
  if (more.length > 0)
    throw new SettingsError('too many fields: write name|frequency or name|frequency|HH:MM');
  if (how === 'leave out' && first !== undefined)
    throw new SettingsError(`a job that is left out has no frequency: write -${name}`);
  if (how === 'list' && first === undefined)
    throw new SettingsError(`no frequency: write ${name}|1d or ${name}|1d|06:00`);
  if (first !== undefined && second === undefined && CLOCK.test(first))
    return { text, how, name, timing: { every: '1d', at: first } };
  if (second === '') throw new SettingsError('the time is empty: write HH:MM (UTC), or leave the last | out');
  const timing = {
    ...(first === undefined ? {} : { every: first }),
    ...(second === undefined ? {} : { at: second }),
  };
  return { text, how, name, timing };
}

class ListReader {
  readonly errors: string[] = [];
  readonly #catalogue: JobCatalogue;
  readonly #chosen = new Map<string, Omit<ScheduledJob, 'place'>>();

  constructor(catalogue: JobCatalogue) {
    this.#catalogue = catalogue;
  }

  read(text: string): readonly ScheduledJob[] {
    const entries = splitEntries(text).flatMap((item) => this.#try(item, () => [parseEntry(item)]) ?? []);
    const edits = entries.filter(({ how }) => how !== 'list');
    const listed = entries.filter(({ how }) => how === 'list');
    const [firstEdit, firstListed] = [edits[0], listed[0]];
    if (firstEdit && firstListed)
      this.errors.push(
        `${shown(firstListed.text)}: beside ${shown(firstEdit.text)}, which edits the default list, every entry begins with + or -`,
      );
    // A list of mistakes alone is no reason to run the default jobs.
    if (listed.length === 0) for (const known of this.#catalogue.known) this.#chooseDefault(known);
    const seen = new Set<string>();
    for (const entry of entries) this.#try(entry.text, () => this.#apply(entry, seen));
    return [...this.#chosen.values()].map((job, place) => ({ ...job, place }));
  }

  #try<T>(what: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      this.errors.push(`${shown(what)}: ${error.message}`);
      return undefined;
    }
  }

  #chooseDefault(known: KnownJob): void {
    this.#try(known.definition.name, () => this.#choose(known, known.definition));
  }

  #apply({ how, name: written, timing }: Entry, seen: Set<string>): void {
    const known = this.#find(written);
    const { definition } = known;
    if (seen.has(definition.name)) throw new SettingsError('the job is named twice');
    seen.add(definition.name);
    if (how === 'leave out') this.#chosen.delete(definition.name);
    else
      this.#choose(known, timing.every === undefined ? definition : { every: timing.every, at: timing.at });
  }

  #find(written: string): KnownJob {
    const { known, oldNames } = this.#catalogue;
    const name = oldNames.get(written) ?? written;
    const found = known.find(({ definition }) => definition.name === name);
    if (found) return found;
    const near = nearest(written, known.map(({ definition }) => definition.name).concat(...oldNames.keys()));
    throw new SettingsError(`there is no job ${written}${near ? `; did you mean ${near}?` : ''}`);
  }

  #choose({ definition, source }: KnownJob, timing: Timing): void {
    checkLimits(definition);
    const schedule = scheduleOf({ every: timing.every, at: timing.at });
    this.#chosen.set(definition.name, {
      name: definition.name,
      source,
      definition,
      after: definition.after ?? [],
      schedule,
    });
  }
}

/** Jobs come from outside too, where no compiler looked at them. */
function checkLimits({ timeoutMs, retryMs }: AnyJob): void {
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_JOB_MS))
    throw new SettingsError(`timeoutMs is between 1 and ${LONGEST_JOB_MS} (24 days)`);
  if (retryMs !== undefined && !(retryMs >= 0 && Number.isFinite(retryMs)))
    throw new SettingsError('retryMs is a number of milliseconds');
}

/** Reads CRONTABBER_JOBS. Nothing is thrown: the caller decides what mistakes mean. */
export function readJobList(text: string, catalogue: JobCatalogue): JobList {
  const names = catalogue.known.map(({ definition }) => definition.name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return { jobs: [], errors: [`two jobs are named ${twice}`] };
  const reader = new ListReader(catalogue);
  const jobs = reader.read(text);
  try {
    return { jobs: toposort(jobs, 'job'), errors: reader.errors };
  } catch (error) {
    if (!(error instanceof DependencyError)) throw error;
    // With other mistakes in it the list may lack a job only because its own entry is wrong.
    return { jobs: [], errors: [...reader.errors, error.message] };
  }
}

/** The jobs, or a `SettingsError` with every mistake. */
export function checkedJobs(list: JobList): readonly ScheduledJob[] {
  if (list.errors.length === 0) return list.jobs;
  throw new SettingsError(list.errors.join('\n'));
}
