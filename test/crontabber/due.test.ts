/** Which period is due, and why not: backfill, dependencies, clocks that were set back. */
import { describe, expect, it } from 'vitest';
import {
  blockedBy,
  countPending,
  pendingPeriod,
  periodsWithin,
  verdictOf,
} from '../../src/crontabber/due.ts';
import { type AnyJob, defineJob } from '../../src/crontabber/job.ts';
import type { ScheduledJob } from '../../src/crontabber/job-list.ts';
import { afterSuccess, type JobState, newState } from '../../src/crontabber/job-state.ts';
import { scheduled } from './loop-bench.ts';

const at = (text: string): Date => new Date(`${text}Z`);
const short = (time: Date | undefined): string | undefined => time?.toISOString().slice(0, 16);

const jobsOf = (...jobs: readonly Partial<AnyJob>[]): Map<string, ScheduledJob> =>
  new Map(
    scheduled(
      jobs.map((changes) =>
        defineJob({ name: 'a', every: '1d', timeoutMs: 1000, run: async () => undefined, ...changes }),
      ),
    ).map((job) => [job.name, job]),
  );
const oneJob = (changes: Partial<AnyJob>): ScheduledJob =>
  jobsOf({ ...changes, name: 'a' }).get('a') as ScheduledJob;

const stateOf = (changes: Partial<JobState> = {}): JobState => ({
  ...newState('a', at('2026-11-01T00:00')),
  ...changes,
});

const daily = { every: '1d', at: '06:00' } as const;

describe('the period that is due', () => {
  // job, done until, now, end of the period that is due, how many are missing
  it.each([
    ['new: the last complete one', daily, undefined, '2026-11-21T07:00', '2026-11-21T06:00', 1],
    ['done', daily, '2026-11-21T06:00', '2026-11-22T05:59', undefined, 0],
    ['the next is over', daily, '2026-11-21T06:00', '2026-11-22T06:00', '2026-11-22T06:00', 1],
    ['missed ones are passed over', daily, '2026-11-18T06:00', '2026-11-22T06:00', '2026-11-22T06:00', 1],
    [
      'backfill: the oldest',
      { ...daily, backfill: true },
      '2026-11-18T06:00',
      '2026-11-22T06:00',
      '2026-11-19T06:00',
      4,
    ],
    [
      'backfill over the end of a year',
      { ...daily, backfill: true },
      '2026-12-30T06:00',
      '2027-01-02T05:00',
      '2026-12-31T06:00',
      2,
    ],
    [
      'backfill over 29 February',
      { ...daily, backfill: true },
      '2028-02-28T06:00',
      '2028-03-01T06:00',
      '2028-02-29T06:00',
      2,
    ],
    [
      'backfill of years',
      { every: '1y', backfill: true } as const,
      '2024-01-01T00:00',
      '2026-11-21T00:00',
      '2025-01-01T00:00',
      2,
    ],
    [
      'the time was 05:00 before',
      { ...daily, backfill: true },
      '2026-11-21T05:00',
      '2026-11-21T06:00',
      '2026-11-21T06:00',
      1,
    ],
    [
      'the time was 23:00 before',
      { ...daily, backfill: true },
      '2026-11-20T23:00',
      '2026-11-21T06:00',
      '2026-11-21T06:00',
      1,
    ],
    [
      'it was hourly before',
      { ...daily, backfill: true },
      '2026-11-21T13:00',
      '2026-11-22T06:00',
      '2026-11-22T06:00',
      1,
    ],
    [
      'it was weekly before',
      { every: '1h', backfill: true } as const,
      '2026-11-19T00:00',
      '2026-11-19T03:30',
      '2026-11-19T01:00',
      3,
    ],
    [
      'a clock that was set back',
      { ...daily, backfill: true },
      '2026-11-21T06:00',
      '2026-11-19T12:00',
      undefined,
      0,
    ],
  ] as const)('%s', (_title, job, done, now, due, missing) => {
    const state = stateOf({ doneUntil: done ? at(done) : undefined, knownSince: at('2026-11-21T06:30') });
    const one = oneJob(job);
    expect(short(pendingPeriod(one, state, at(now))?.to)).toBe(due);
    expect(countPending(one, state, at(now))).toBe(missing);
  });

  it('a new job does not flood the past, and catches up since it was known', () => {
    const job = oneJob({ ...daily, backfill: true });
    const state = stateOf({ knownSince: at('2026-11-18T12:00') });
    expect(short(pendingPeriod(job, state, at('2026-11-21T07:00'))?.to)).toBe('2026-11-18T06:00');
    // A clock that was set back since.
    expect(short(pendingPeriod(job, state, at('2026-11-16T07:00'))?.to)).toBe('2026-11-16T06:00');
  });
});

describe('why not', () => {
  const jobs = jobsOf(
    { name: 'hourly', every: '1h' },
    { name: 'daily', ...daily, after: ['hourly'] },
    { name: 'weekly', every: '1w' },
    { name: 'needy', every: '1h', after: ['daily', 'weekly'] },
  );
  const verdict = (name: string, states: readonly JobState[], now: string) =>
    verdictOf(jobs.get(name) as ScheduledJob, jobs, new Map(states.map((one) => [one.name, one])), at(now));

  it('a dependency must be done for all of its own periods that end by then', () => {
    const now = '2026-11-21T07:30';
    const hourly = (until: string) => stateOf({ name: 'hourly', doneUntil: at(until) });
    expect(verdict('daily', [], now)).toEqual({
      due: false,
      reason: 'it comes after hourly, which has not succeeded yet',
    });
    expect(verdict('daily', [hourly('2026-11-21T05:00')], now)).toEqual({
      due: false,
      reason:
        'it comes after hourly, which is done until 2026-11-21 05:00:00 UTC and not until 2026-11-21 06:00:00 UTC',
    });
    expect(verdict('daily', [hourly('2026-11-21T06:00')], now).due).toBe(true);
  });

  it('and of a slower one only the periods that are over by then', () => {
    const states = [
      stateOf({ name: 'daily', doneUntil: at('2026-11-21T06:00') }),
      stateOf({ name: 'weekly', doneUntil: at('2026-11-19T00:00') }),
    ];
    expect(verdict('needy', states, '2026-11-22T05:59').due).toBe(true);
    expect(verdict('needy', states, '2026-11-22T06:00').due).toBe(false);
    const failed = [...states.slice(1), stateOf({ name: 'daily', errorCount: 1 })];
    expect(verdict('needy', failed, '2026-11-22T05:59')).toEqual({
      due: false,
      reason: 'it comes after daily, which failed',
    });
  });

  it('a failure waits, but not for a clock that was set back', () => {
    const failed = stateOf({
      name: 'hourly',
      errorCount: 1,
      lastFailure: at('2026-11-21T07:00'),
      nextRun: at('2026-11-21T07:05'),
    });
    expect(verdict('hourly', [failed], '2026-11-21T07:04')).toEqual({
      due: false,
      reason: 'it failed, and is tried again at 2026-11-21 07:05:00 UTC',
    });
    expect(verdict('hourly', [failed], '2026-11-21T07:05').due).toBe(true);
    expect(verdict('hourly', [failed], '2026-11-21T06:59').due).toBe(true);
  });

  it('what is done in the future says so', () => {
    const { due, ...rest } = verdict(
      'hourly',
      [stateOf({ name: 'hourly', doneUntil: at('2030-01-01T00:00') })],
      '2026-11-21T07:00',
    );
    expect(due).toBe(false);
    expect(rest).toMatchObject({
      reason: expect.stringMatching(/in the future: was the clock set back\? --reset-job/),
    });
  });

  it('blockedBy names the first that is missing', () => {
    const needy = jobs.get('needy') as ScheduledJob;
    expect(blockedBy(needy, needy.schedule.lastEndingBy(at('2026-11-21T07:00')), jobs, new Map())).toMatch(
      /^it comes after daily/,
    );
  });
});

describe('ranges and success', () => {
  it('only whole periods', () => {
    const ends = [...periodsWithin(oneJob(daily), at('2026-11-18T00:00'), at('2026-11-21T05:59'))].map(
      ({ to }) => short(to),
    );
    expect(ends).toEqual(['2026-11-19T06:00', '2026-11-20T06:00']);
    expect([...periodsWithin(oneJob(daily), at('2026-11-18T06:00'), at('2026-11-19T06:00'))]).toHaveLength(1);
  });

  it.each([
    ['the next one', true, '2026-11-20T06:00', '2026-11-21T06:00', '2026-11-21T06:00'],
    ['one that is done', true, '2026-11-20T06:00', '2026-11-19T06:00', '2026-11-20T06:00'],
    ['beyond a gap, with backfill', true, '2026-11-18T06:00', '2026-11-21T06:00', '2026-11-18T06:00'],
    ['beyond a gap, without', false, '2026-11-18T06:00', '2026-11-21T06:00', '2026-11-21T06:00'],
  ])('success for %s', (_title, backfill, done, end, doneUntil) => {
    const job = oneJob({ ...daily, backfill });
    const period = job.schedule.lastEndingBy(at(end));
    const change = afterSuccess(job, stateOf({ doneUntil: at(done) }), period, at(end));
    expect(short(change.doneUntil)).toBe(doneUntil);
  });
});
