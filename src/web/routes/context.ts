/** What every route has at hand. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Visitor, Visitors } from '../access/visitor.ts';
import type { Assets } from '../assets.ts';
import type { WebDeps } from '../deps.ts';
import { layout, type Page } from '../pages/layout.ts';
import type { VcsLinks } from '../pages/source-link.ts';
import type { WebSettings } from '../settings.ts';

interface Parts {
  readonly deps: WebDeps;
  readonly settings: WebSettings;
  readonly visitors: Visitors;
  readonly assets: Assets;
  readonly vcsLinks: VcsLinks;
}

export interface Pages extends Parts {
  visitor(request: FastifyRequest): Visitor;
  /** Token for the forms of the page that is about to be sent. */
  formToken(request: FastifyRequest, reply: FastifyReply): string;
  send(request: FastifyRequest, reply: FastifyReply, page: Page & { readonly status?: number }): FastifyReply;
}

const OK = 200;

export function createPages(parts: Parts): Pages {
  const { visitors, assets, deps } = parts;
  return {
    ...parts,
    visitor: (request) => visitors.of(request),
    formToken: (request, reply) => visitors.formToken(request, reply),
    send(request, reply, page) {
      const { known } = visitors.of(request);
      const text = layout(page, {
        assets,
        known,
        // A stranger's page has no form of the frame's own. Setting the visit cookie with every answer, those to
        // other sites' forms included, would let such a site void the forms that are open here.
        formToken: known ? visitors.formToken(request, reply) : '',
        version: String(deps.version['version'] ?? ''),
      });
      return reply
        .code(page.status ?? OK)
        .type('text/html; charset=utf-8')
        .send(text.toString());
    },
  };
}
