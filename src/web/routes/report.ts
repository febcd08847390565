/** `/report/index/ID`: one crash. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CrashId } from '../../model/crash-id.ts';
import { MAIN_DUMP } from '../../model/main-dump.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import { redactProcessed } from '../../search/redaction.ts';
import { parseTrace } from '../../signature/explanation.ts';
import { can } from '../../storage/contract.ts';
import { PageError } from '../page-error.ts';
import { annotationsOf } from '../pages/annotations.ts';
import { type DumpStory, limitsHit, lostDump } from '../pages/dump-story.ts';
import { fieldValues, hiddenCount } from '../pages/fields.ts';
import { reportPage } from '../pages/report.ts';
import { isTab, type Report, type Tab } from '../pages/report-model.ts';
import { unsentFields } from '../pages/unsent.ts';
import { describeFailure, withinTime } from '../store-failure.ts';
import type { Pages } from './context.ts';
import { findLists } from './list-version.ts';
import { PendingPages } from './pending.ts';
import { crashIdOf, value, whole } from './query.ts';
import { type Found, findReport } from './report-data.ts';

type FoundReport = Extract<Found, { kind: 'processed' }>;

const MAX_INDEX = 1_000_000;

function tabOf(request: FastifyRequest): Tab {
  const tab = value(request, 'tab') ?? 'details';
  if (!isTab(tab)) throw new PageError(404, 'Not found', 'A report has no such tab.');
  return tab;
}

/** Asked for where something of the dump is missing on the page; that a crash has a dump is no secret. */
async function dumpStoryOf(pages: Pages, { processed, raw }: FoundReport, tab: Tab): Promise<DumpStory> {
  const walk = processed.json_dump;
  const isWhole = walk?.threads?.length && walk.modules?.length;
  if (tab !== 'raw' && (isWhole || processed['minidump_sha256_hash'])) return { kind: 'kept' };
  if (!raw || !can(pages.deps.source, 'dumps.read')) return { kind: 'unknown' };
  try {
    const dumps = await withinTime((options) => pages.deps.source.listDumps(raw.id, options), 'extra');
    return dumps.some(({ name }) => name.startsWith(MAIN_DUMP)) ? { kind: 'kept' } : lostDump(raw);
  } catch (error) {
    pages.deps.log.warn({ err: error, crashId: raw.id }, 'the dumps of a crash could not be listed');
    return { kind: 'unknown' };
  }
}

/** The dumps of a crash, for those who may have them; a failure is a line on the page. */
async function dumpsFor(pages: Pages, id: CrashId, request: FastifyRequest, tab: Tab) {
  const allowed = pages.visitor(request).viewer.permissions.has('view_dumps');
  if (tab !== 'raw' || !allowed || !can(pages.deps.source, 'dumps.read')) return undefined;
  try {
    const dumps = await withinTime((options) => pages.deps.source.listDumps(id, options), 'extra');
    return { ok: true as const, value: dumps };
  } catch (error) {
    return { ok: false as const, failure: describeFailure(error) };
  }
}

/** The lists that the signature was made with; a failure is a line on the page. */
async function listsFor(pages: Pages, processed: ProcessedCrash, tab: Tab): Promise<Report['lists']> {
  const digest = parseTrace(processed.signature_trace)?.lists;
  if (tab !== 'signature' || digest === undefined) return { ok: true, value: undefined };
  try {
    return { ok: true, value: await findLists(pages, digest, 'extra') };
  } catch (error) {
    pages.deps.log.warn({ err: error, digest }, 'a version of the signature lists could not be read');
    return { ok: false, failure: describeFailure(error) };
  }
}

async function bugsOf({ deps }: Pages, signature: string | undefined) {
  const { bugs } = deps;
  if (!bugs || !signature) return undefined;
  try {
    return { ok: true as const, value: await withinTime((options) => bugs(signature, options), 'extra') };
  } catch (error) {
    deps.log.warn({ err: error }, 'the bugs of a signature cannot be read');
    return { ok: false as const, failure: 'The bugs of this signature cannot be shown now.' };
  }
}

async function showProcessed(
  pages: Pages,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FoundReport,
): Promise<FastifyReply> {
  const { deps, settings } = pages;
  const { viewer, known } = pages.visitor(request);
  const tab = tabOf(request);
  const id = found.processed.id;
  const redacted = redactProcessed(found.processed, viewer, deps.fields);
  const [bugs, dumps, dumpStory, lists] = await Promise.all([
    bugsOf(pages, found.processed.signature),
    dumpsFor(pages, id, request, tab),
    dumpStoryOf(pages, found, tab),
    listsFor(pages, redacted, tab),
  ]);
  const page = reportPage({
    id,
    tab,
    processed: redacted,
    values: fieldValues(deps.fields, viewer, redacted, found.raw),
    hidden: hiddenCount(deps.fields, viewer, found.processed, found.raw),
    annotations: annotationsOf(found.raw, viewer),
    raw: viewer.permissions.has('view_protected') ? found.raw : undefined,
    rawFailure: found.rawFailure === undefined ? undefined : describeFailure(found.rawFailure),
    bugs,
    dumps,
    dumpStory,
    limits: limitsHit(found.raw),
    unsent: unsentFields(found.processed, found.raw),
    may: {
      seeProtected: viewer.permissions.has('view_protected'),
      seeDumps: viewer.permissions.has('view_dumps'),
      reprocess: viewer.permissions.has('reprocess'),
      remove: known && deps.removeEverywhere !== undefined,
    },
    lists,
    vcsLinks: pages.vcsLinks,
    now: deps.clock.now(),
    formToken: known ? pages.formToken(request, reply) : '',
    queued: value(request, 'queued') !== undefined,
    thread:
      value(request, 'thread') === undefined
        ? undefined
        : whole(request, 'thread', { min: 0, max: MAX_INDEX, otherwise: 0 }),
    page: whole(request, 'page', { min: 1, max: MAX_INDEX, otherwise: 1 }),
    threadsPerPage: settings.threads_per_page,
    modulesPerPage: settings.modules_per_page,
  });
  return pages.send(request, reply, page);
}

export function registerReport(app: FastifyInstance, pages: Pages): void {
  const { deps } = pages;
  const pending = new PendingPages(pages);

  app.get('/report/index/:id', async (request, reply) => {
    const { id, prefixed } = crashIdOf(request);
    if (prefixed) return reply.redirect(`/report/index/${id}${new URL(request.url, 'http://x').search}`, 302);
    const found = await findReport(deps, id);
    switch (found.kind) {
      case 'processed':
        return showProcessed(pages, request, reply, found);
      case 'stored':
        return pending.showStored(request, reply, found.raw);
      case 'spooled':
        return pending.showSpooled(request, reply, id);
      case 'unknown':
        throw new PageError(
          404,
          'Crash not found',
          'No store has this crash. It was never accepted, has been removed, or its retention has ended.',
        );
    }
  });
}
