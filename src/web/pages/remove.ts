/** Removing a crash for good. */
import type { CrashId } from '../../model/crash-id.ts';
import { type Page, tokenField } from './layout.ts';
import { html } from './markup.ts';

export const removePage = (id: CrashId, formToken: string): Page => ({
  title: 'Remove the crash',
  body: html`<section class="notice-page">
<h1>Remove this crash?</h1>
<p><code>${id}</code></p>
<p>Its annotations, dumps and processed crash are deleted from every configured store, the queue and the spool. This cannot be undone.</p>
<form method="post" action="/report/remove/${id}">${tokenField(formToken)}
<button class="danger">Remove for good</button> <a href="/report/index/${id}">Keep it</a></form>
</section>`,
});

export const removedPage = (id: CrashId, removed: boolean): Page => ({
  title: 'Removed',
  body: html`<section class="notice-page">
<h1>${removed ? 'Removed' : 'Nothing to remove'}</h1>
<p><code>${id}</code> ${removed ? 'is gone from every store.' : 'was in no store.'}</p>
<p><a href="/">All crashes</a></p>
</section>`,
});
