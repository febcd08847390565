/** Pages around one-time links. */
import { type Page, tokenField } from './layout.ts';
import { html } from './markup.ts';

export const openPage = (token: string, formToken: string): Page => ({
  title: 'Show protected data',
  body: html`<section class="notice-page">
<h1>Show protected data</h1>
<p>This browser will see personal data, raw JSON and dumps of every crash, until you log out. The link works once.</p>
<form method="post" action="/open/${encodeURIComponent(token)}">${tokenField(formToken)}
<button class="primary">Open</button></form>
</section>`,
});

export const howToOpenPage = (known: boolean): Page => ({
  title: 'Protected data',
  body: html`<section class="notice-page">
<h1>Protected data</h1>
${
  known
    ? html`<p>This browser sees everything. Log out above.</p>`
    : html`<p>Without a one-time link this site shows signatures, stacks, modules, product, version, system and dates.
It hides personal data: what people wrote, addresses they visited, unknown annotations, registers, raw JSON and dumps.</p>
<p>To see all of it, open the link that the service printed when it started:
<code>http://…/open/…</code>. It works once and for a few minutes; <code>auxilio link</code>, in a clone <code>npm run auxilio -- link</code>, makes another.</p>
<p>If you have opened one in this browser, reload this page: browsers leave the cookie out when you come from another site.</p>`
}
<p><a href="/">All crashes</a></p>
</section>`,
});
