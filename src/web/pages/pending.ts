/** A crash that is not processed yet: the page asks again by itself until it is. */
import type { CrashId } from '../../model/crash-id.ts';
import type { CrashTask, DeadTask } from '../../queue/contract.ts';
import { moment, plural } from './format.ts';
import type { Page } from './layout.ts';
import { html } from './markup.ts';

const SOON_SECONDS = 1;
const LATER_SECONDS = 10;
/** After this a page that is left open asks less often. */
const PATIENCE_MS = 120_000;

export interface Pending {
  readonly id: CrashId;
  readonly where: 'spooled' | 'stored';
  readonly deferred?: boolean;
  readonly receivedAt?: string;
  /** Why it could not be put into the priority lane. */
  readonly failure?: string | undefined;
  /** Set when the processor has given up. */
  readonly dead?: DeadTask<CrashTask> | undefined;
  /** May be told why. */
  readonly seesReasons: boolean;
  readonly now: Date;
}

const isOld = (pending: Pending): boolean =>
  pending.receivedAt !== undefined &&
  pending.deferred !== true &&
  pending.now.getTime() - Date.parse(pending.receivedAt) > PATIENCE_MS;

function steps(pending: Pending) {
  const stored = pending.where === 'stored';
  return html`<ol class="steps">
<li class="done">Accepted, safe on disk</li>
<li class="${stored ? 'done' : 'now'}">Stored and queued</li>
<li class="${stored ? 'now' : ''}">Stack walked, signature made</li>
</ol>`;
}

function gaveUp(pending: Pending, dead: DeadTask<CrashTask>): Page {
  return {
    title: 'Not processed',
    body: html`<section class="notice-page">
<h1>Processing failed</h1>
<p><code>bp-${pending.id}</code></p>
<p class="failure" role="alert">The processor gave up after ${plural(dead.attempts, 'attempt')}, ${moment(dead.diedAt, pending.now)}.${
      pending.seesReasons ? html` Reason: <bdi>${dead.reason}</bdi>` : ''
    }</p>
<p>The crash is stored. <code>auxilio queue requeue ${pending.id}</code> has it tried again.</p>
</section>`,
  };
}

export function pendingPage(pending: Pending): Page {
  const { failure, dead } = pending;
  if (dead) return gaveUp(pending, dead);
  return {
    title: 'Being processed',
    refreshSeconds: failure !== undefined || isOld(pending) ? LATER_SECONDS : SOON_SECONDS,
    body: html`<section class="notice-page pending" aria-live="polite">
<h1>Being processed</h1>
<p><code>bp-${pending.id}</code></p>
${steps(pending)}
${pending.deferred ? html`<p>The throttle rules stored it without processing. Now that you look at it, it is processed first.</p>` : ''}
${failure ? html`<p class="failure" role="alert">It could not be moved to the front: ${failure}</p>` : ''}
${pending.receivedAt ? html`<p class="note">Received ${moment(pending.receivedAt, pending.now)}.</p>` : ''}
<p class="note">This page reloads by itself.</p>
</section>`,
  };
}
