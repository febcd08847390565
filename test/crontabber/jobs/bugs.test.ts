/** The job `bugs`: four kinds of trackers, as they answer, into both databases. */
import { describe, expect, it } from 'vitest';
import { signaturesIn, signaturesOfField } from '../../../src/crontabber/feeds/signatures-in.ts';
import bugsJob from '../../../src/crontabber/jobs/bugs.ts';
import { Bugs } from '../../../src/crontabber/tables/bugs.ts';
import type { Database } from '../../../src/database/contract.ts';
import { onEachDialect } from '../../database/dialects.ts';
import { manyIssues, startTracker, TRACKERS, type TrackerKind } from '../feeds/trackers.ts';
import { openBench, runJob, settingsOf } from './job-bench.ts';

const run = (database: Database, feeds: readonly unknown[], more: Record<string, unknown> = {}) =>
  runJob(bugsJob, {
    settings: { bugs_feeds: JSON.stringify(feeds), ...more },
    services: { database },
  });

const KINDS = Object.keys(TRACKERS) as TrackerKind[];

onEachDialect((dialect) => {
  it.each(KINDS)('%s: bugs, pages, changes, and nothing new', async (kind) => {
    const database = await openBench(dialect);
    const bugs = new Bugs(database);
    const tracker = await startTracker(kind);
    const count = TRACKERS[kind].pageSize * 2 + 5;
    tracker.issues.push(...manyIssues(count));
    await run(database, [tracker.feed]);
    for (const id of [1, TRACKERS[kind].pageSize, TRACKERS[kind].pageSize + 1, count])
      expect(await bugs.of(`thing::number${id}`)).toMatchObject([
        { tracker: kind, bug: String(id), isOpen: true, title: `Crash in thing ${id}` },
      ]);
    // A bug is closed, and named for another signature; one is named for none.
    const [first, second] = manyIssues(2);
    const later = '2026-11-20T10:00:00.500Z';
    tracker.issues[0] = {
      ...first,
      text: '[@ other | name ]\n[@ third]',
      open: false,
      changed: later,
    } as never;
    tracker.issues[1] = { ...second, text: '', title: 'Nothing', changed: later } as never;
    await run(database, [tracker.feed]);
    expect(await bugs.of('thing::number1')).toEqual([]);
    expect(await bugs.of('thing::number2')).toEqual([]);
    expect(await bugs.of('third')).toEqual(await bugs.of('other | name'));
    expect(await bugs.of('third')).toMatchObject([{ bug: '1', isOpen: false }]);
    // What changed in the second of the mark comes again, once; from then on the server says that nothing is new.
    await run(database, [tracker.feed]);
    const asked = tracker.asked.length;
    await run(database, [tracker.feed]);
    expect(tracker.asked.length).toBe(asked + 1);
    expect(tracker.asked.at(-1)?.headers['if-none-match']).toBeDefined();
    expect(await bugs.of('third')).toHaveLength(1);
  });

  it.each(KINDS)('%s: loses nothing while entries change', async (kind) => {
    const database = await openBench(dialect);
    const tracker = await startTracker(kind);
    const size = TRACKERS[kind].pageSize;
    tracker.issues.push(...manyIssues(size * 3));
    // While the second page is asked for, what was on the first one changes and moves to the end: others move up.
    let isMoved = false;
    tracker.onAsk = () => {
      if (tracker.asked.length < 2 || isMoved) return undefined;
      isMoved = true;
      for (const [at, issue] of tracker.issues.entries())
        if (at < 20) tracker.issues[at] = { ...issue, changed: new Date().toISOString() };
      return undefined;
    };
    await run(database, [tracker.feed]);
    const bugs = new Bugs(database);
    const found = await Promise.all(
      tracker.issues.map(async ({ id }) => (await bugs.of(`thing::number${id}`)).length),
    );
    expect(isMoved).toBe(true);
    expect(found.filter((count) => count !== 1)).toHaveLength(0);
  });

  it.each(KINDS)('%s: more entries of one second than a page has', async (kind) => {
    const database = await openBench(dialect);
    const tracker = await startTracker(kind);
    const changed = '2026-11-05T05:05:05.000Z';
    tracker.issues.push(
      ...manyIssues(TRACKERS[kind].pageSize * 2 + 1).map((issue) => ({ ...issue, changed })),
    );
    await run(database, [tracker.feed]);
    const last = tracker.issues.at(-1)?.id;
    expect(await new Bugs(database).of(`thing::number${last}`)).toHaveLength(1);
  });

  it('goes on where it was stopped', async () => {
    const database = await openBench(dialect);
    const tracker = await startTracker('gitlab');
    tracker.issues.push(...manyIssues(250));
    tracker.onAsk = (_, index) => (index === 2 ? { status: 404 } : undefined);
    await expect(run(database, [tracker.feed])).rejects.toMatchObject({ code: 'refused' });
    const bugs = new Bugs(database);
    expect(await bugs.of('thing::number150')).toHaveLength(1);
    expect(await bugs.of('thing::number250')).toHaveLength(0);
    tracker.onAsk = () => undefined;
    const before = tracker.asked.length;
    await run(database, [tracker.feed]);
    expect(await bugs.of('thing::number250')).toHaveLength(1);
    expect(tracker.asked.length - before).toBeLessThanOrEqual(2);
  });

  it('reads the other trackers when one is down, and says which', async () => {
    const database = await openBench(dialect);
    const [up, down] = [await startTracker('github'), await startTracker('gitlab')];
    up.issues.push(...manyIssues(1));
    down.onAsk = () => ({ status: 401 });
    await expect(run(database, [down.feed, up.feed])).rejects.toThrow('feed gitlab');
    expect(await new Bugs(database).of('thing::number1')).toHaveLength(1);
  });

  it('does nothing without a tracker, and forgets one that is not configured any more', async () => {
    const database = await openBench(dialect);
    const bugs = new Bugs(database);
    const [one, two] = [await startTracker('github'), await startTracker('gitlab')];
    one.issues.push(...manyIssues(1));
    two.issues.push(...manyIssues(1));
    await run(database, [one.feed, two.feed]);
    expect(await bugs.of('thing::number1')).toHaveLength(2);
    await run(database, []);
    expect(await bugs.of('thing::number1')).toHaveLength(2);
    await run(database, [two.feed]);
    expect(await bugs.of('thing::number1')).toMatchObject([{ tracker: 'gitlab' }]);
    await run(database, [one.feed, two.feed]);
    expect(await bugs.of('thing::number1')).toHaveLength(2);
    // Another project under the name: its numbers are other bugs, and it is read from the beginning.
    two.issues.length = 0;
    await run(database, [{ ...two.feed, url: `${two.url.href}./` }]);
    expect(await bugs.of('thing::number1')).toEqual([]);
  });

  it('shows no title that not everybody may read', async () => {
    const database = await openBench(dialect);
    const bugs = new Bugs(database);
    const tracker = await startTracker('gitlab');
    const [public_, secret] = manyIssues(2);
    tracker.issues.push(public_ as never, { ...secret, confidential: true } as never);
    await run(database, [tracker.feed]);
    expect(await bugs.of('thing::number1')).toMatchObject([{ title: 'Crash in thing 1' }]);
    expect(await bugs.of('thing::number2')).toMatchObject([{ title: undefined }]);
    tracker.issues[0] = { ...public_, changed: '2026-11-20T00:00:00.000Z' } as never;
    await run(database, [tracker.feed], { bugs_tokens: '{"gitlab":"glpat-1"}' });
    expect(tracker.asked.at(-1)?.headers['private-token']).toBe('glpat-1');
    expect(await bugs.of('thing::number1')).toMatchObject([{ title: undefined }]);
  });

  it('keeps what databases do not: U+0000, long text', async () => {
    const database = await openBench(dialect);
    const tracker = await startTracker('github');
    const [one] = manyIssues(1);
    const text = `[@ nul\u0000led ] [@ ${'x'.repeat(600)} ]`;
    tracker.issues.push({ ...one, title: `a\u0000b ${'y'.repeat(900)}`, text } as never);
    await run(database, [tracker.feed]);
    const [bug] = await new Bugs(database).of('nulled');
    expect(bug?.title).toHaveLength(300);
  });
});

describe('signatures in text', () => {
  it.each([
    ['Crash in [@ js::GCMarker::drain ] again', ['js::GCMarker::drain']],
    ['[@ a] and [@ b | c ] and [@ a ]', ['a', 'b | c']],
    ['[@ Array<T>[3]::operator[] ]', ['Array<T>[3]::operator[]']],
    ['[@ open, never closed\n[@ next ]', ['next']],
    ['[@ ] [@]', []],
    ['no signature [at all]', []],
    [`[@ ${'z'.repeat(520)} ]`, []],
  ])('%s', (text, expected) => {
    expect(signaturesIn(text)).toEqual(expected);
  });

  it('of a field: one a line, where there are no brackets', () => {
    expect(signaturesOfField('a | b\r\n\n  c::d  \n')).toEqual(['a | b', 'c::d']);
    expect(signaturesOfField('[@ a ][@ b ]')).toEqual(['a', 'b']);
    expect(signaturesOfField('')).toEqual([]);
  });

  it('are no more than a person would write', () => {
    expect(signaturesIn(Array.from({ length: 500 }, (_, i) => `[@ s${i} ]`).join(''))).toHaveLength(200);
  });
});

describe('the setting', () => {
  const feed = { name: 'a', kind: 'github', url: 'https://api.github.com', repository: 'o/r' };
  it.each([
    ['[{"name":"a"', 'JOB_BUGS_FEEDS'],
    ['{}', 'a JSON list'],
    [JSON.stringify([{ ...feed, name: 'A B' }]), '"name"'],
    [JSON.stringify([{ ...feed, url: 'file:///etc/passwd' }]), '"url"'],
    [JSON.stringify([{ ...feed, url: 'https://u:p@host/' }]), 'credentials'],
    [JSON.stringify([feed, feed]), 'two feeds are named a'],
  ])('%s is refused at the start', (text, message) => {
    expect(() => settingsOf({ bugs_feeds: text })).toThrow(message);
  });

  it.each([
    [{ ...feed, kind: 'githup' }, 'did you mean github?'],
    [{ ...feed, repositry: 'x/y' }, '"repositry" is none of'],
    [{ ...feed, repository: 'no slash' }, '"repository" is malformed'],
    [{ name: 'b', kind: 'gitlab', url: 'https://gitlab.com' }, '"project" is missing'],
    [{ name: 'c', kind: 'bugzilla', url: 'https://bugs.example', query: { product: [1] } }, '"query"'],
  ])('%j is refused when the job runs', async (entry, message) => {
    await expect(
      runJob(bugsJob, { settings: { bugs_feeds: JSON.stringify([entry]) }, services: {} }),
    ).rejects.toThrow(message);
  });

  it('hides tokens in messages', () => {
    expect(() => settingsOf({ bugs_tokens: '{"a":"hunter2' })).not.toThrow('hunter2');
    expect(() => settingsOf({ bugs_tokens: '{"a":"hunter2' })).toThrow('secret');
  });
});
