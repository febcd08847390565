/** One page for every failure. */
import type { Page } from './layout.ts';
import { html } from './markup.ts';

export function errorPage(failure: {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}): Page {
  return {
    title: failure.title,
    body: html`<section class="notice-page">
<p class="status" aria-hidden="true">${failure.status}</p>
<h1>${failure.title}</h1>
<p>${failure.text}</p>
<p><a href="/">All crashes</a></p>
</section>`,
  };
}
