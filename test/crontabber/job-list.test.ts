/** CRONTABBER_JOBS, entry by entry. */
import { describe, expect, it } from 'vitest';
import { type AnyJob, defineJob } from '../../src/crontabber/job.ts';
import { type JobList, readJobList, splitEntries } from '../../src/crontabber/job-list.ts';
import { timingText } from '../../src/crontabber/period.ts';

const job = (name: string, changes: Partial<AnyJob> = {}): AnyJob =>
  defineJob({ name, every: '1h', timeoutMs: 1000, run: async () => undefined, ...changes });

const DEFINITIONS = [
  job('bugs'),
  job('cleanup-search', { every: '1d', at: '03:00' }),
  job('featured', { after: ['releases'] }),
  job('releases'),
];
const OLD_NAMES = new Map([['ftpscraper', 'releases']]);

const read = (text: string, definitions: readonly AnyJob[] = DEFINITIONS): JobList =>
  readJobList(text, {
    known: definitions.map((definition) => ({ definition, source: `./${definition.name}.ts` })),
    oldNames: OLD_NAMES,
  });
const shown = (list: JobList): string[] =>
  list.jobs.map(({ name, schedule }) => `${name} ${timingText(schedule.timing)}`);

describe('the list', () => {
  it('is the default one when nothing is set, dependencies first', () => {
    expect(read('')).toMatchObject({ errors: [] });
    expect(shown(read(''))).toEqual(['bugs 1h', 'cleanup-search 1d @ 03:00', 'releases 1h', 'featured 1h']);
  });

  it('is split as the original does, without comments', () => {
    expect(splitEntries('a|1d, b|2h;c|1w\n# d|1d, e|1d\n\n  f|1d|06:00 ,#g|1d')).toEqual([
      'a|1d',
      'b|2h',
      'c|1w',
      'f|1d|06:00',
    ]);
  });

  it.each([
    ['bugs|30m', ['bugs 30m']],
    ['bugs|2w|06:00', ['bugs 2w @ 06:00']],
    ['bugs|06:00', ['bugs 1d @ 06:00']],
    ['bugs|1y', ['bugs 1y']],
    ['ftpscraper|1d, bugs|1h', ['bugs 1h', 'releases 1d']],
    ['-bugs', ['cleanup-search 1d @ 03:00', 'releases 1h', 'featured 1h']],
    ['-bugs,-featured,-cleanup-search', ['releases 1h']],
    ['+bugs', ['bugs 1h', 'cleanup-search 1d @ 03:00', 'releases 1h', 'featured 1h']],
    ['+cleanup-search|7d', ['bugs 1h', 'cleanup-search 7d', 'releases 1h', 'featured 1h']],
    ['+cleanup-search|7d|06:00', ['bugs 1h', 'cleanup-search 7d @ 06:00', 'releases 1h', 'featured 1h']],
  ])('%s', (text, jobs) => {
    const list = read(text);
    expect(list.errors).toEqual([]);
    expect(shown(list)).toEqual(jobs);
  });
});

describe('mistakes', () => {
  it.each([
    ['bugs', /^"bugs": no frequency: write bugs\|1d/],
    ['bgus|1d', /^"bgus\|1d": there is no job bgus; did you mean bugs\?$/],
    ['+bgus', /^"\+bgus": there is no job bgus; did you mean bugs\?$/],
    ['ftpscrapr|1d', /did you mean ftpscraper\?/],
    ['bugs|1x', /^"bugs\|1x": "1x" is no frequency/],
    ['bugs|', /"" is no frequency/],
    ['bugs|15', /"15" is no frequency/],
    ['bugs|1d|25:00', /^"bugs\|1d\|25:00": "25:00" is no time: write HH:MM/],
    ['bugs|1d|', /the time is empty/],
    ['bugs|12h|06:00', /12h is less than a day/],
    ['+bugs|06:00', undefined],
    ['bugs|1d|06:00|x', /too many fields/],
    ['|1d', /no name of a job/],
    ['-bugs|1d', /a job that is left out has no frequency: write -bugs/],
    ['bugs|1d,bugs|1h', /^"bugs\|1h": the job is named twice/],
    ['bugs|1d,+releases', /^"bugs\|1d": beside "\+releases"/],
    ['-releases', /^job featured comes after releases, which does not exist/],
    ['featured|1h', /^job featured comes after releases/],
  ])('%s', (text, message) => {
    const { errors } = read(text);
    if (message === undefined) expect(errors).toEqual([]);
    else expect(errors).toEqual([expect.stringMatching(message)]);
  });

  it('are told all at once', () => {
    expect(read('bgus|1d,releases|x,bugs').errors).toHaveLength(3);
  });

  it('in definitions from outside are told with the name of the job', () => {
    expect(read('', [job('a', { every: '1h', at: '06:00' })]).errors).toEqual([
      expect.stringMatching(/^"a": 1h is less/),
    ]);
    expect(read('', [job('a', { timeoutMs: 0 })]).errors).toEqual([expect.stringMatching(/^"a": timeoutMs/)]);
    expect(read('', [job('a', { retryMs: -1 })]).errors).toEqual([expect.stringMatching(/^"a": retryMs/)]);
    expect(read('', [job('a'), job('a')]).errors).toEqual(['two jobs are named a']);
    const circle = [job('a', { after: ['b'] }), job('b', { after: ['c'] }), job('c', { after: ['a'] })];
    expect(read('', circle).errors).toEqual(['cycle: a -> b -> c -> a']);
  });
});
