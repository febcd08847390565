/** Who is asking: what the cookies of a request say. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANYONE, OWNER, type Viewer } from '../../search/permissions.ts';
import type { Sessions } from './session.ts';

export interface Visitor {
  readonly viewer: Viewer;
  /** Has opened a one-time link. */
  readonly known: boolean;
}

interface Cookies {
  readonly visit: string | undefined;
  readonly session: string | undefined;
  readonly visitor: Visitor;
}

const STRANGER: Cookies = {
  visit: undefined,
  session: undefined,
  visitor: { viewer: ANYONE, known: false },
};

export interface CookieSettings {
  /** Cookies do not know ports: two sites on one host must not overwrite each other's. */
  readonly port: number;
  readonly secure: boolean;
  readonly lifetimeMs: number;
}

export class Visitors {
  readonly #sessions: Sessions;
  readonly #settings: CookieSettings;
  readonly #recognised = new WeakMap<FastifyRequest, Cookies>();

  constructor(sessions: Sessions, settings: CookieSettings) {
    this.#sessions = sessions;
    this.#settings = settings;
  }

  #name(kind: 'visit' | 'session'): string {
    return `${this.#settings.secure ? '__Host-' : ''}auxilio_${kind}_${this.#settings.port}`;
  }

  /** Reads the cookies; once per request, before anything else asks. */
  async recognise(request: FastifyRequest): Promise<void> {
    const session = request.cookies[this.#name('session')];
    const known = await this.#sessions.isOn(session);
    const visit = request.cookies[this.#name('visit')];
    this.#recognised.set(request, {
      visit: this.#sessions.isVisit(visit) ? visit : undefined,
      session,
      visitor: { viewer: known ? OWNER : ANYONE, known },
    });
  }

  of(request: FastifyRequest): Visitor {
    return (this.#recognised.get(request) ?? STRANGER).visitor;
  }

  /** The token for the forms of a page that is about to be sent; sets the visit cookie when there is none. */
  formToken(request: FastifyRequest, reply: FastifyReply): string {
    const cookies = this.#recognised.get(request) ?? STRANGER;
    if (cookies.visit) return this.#sessions.formToken(cookies.visit);
    const visit = this.#sessions.newVisit();
    this.#recognised.set(request, { ...cookies, visit });
    reply.setCookie(this.#name('visit'), visit, this.#options('lax'));
    return this.#sessions.formToken(visit);
  }

  hasFormToken(request: FastifyRequest, token: string | undefined): boolean {
    return this.#sessions.isFormToken(this.#recognised.get(request)?.visit, token);
  }

  async logIn(reply: FastifyReply): Promise<void> {
    const value = await this.#sessions.start();
    const maxAge = Math.floor(this.#settings.lifetimeMs / 1000);
    reply.setCookie(this.#name('session'), value, { ...this.#options('strict'), maxAge });
  }

  async logOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#sessions.end(this.#recognised.get(request)?.session);
    reply.clearCookie(this.#name('session'), this.#options('strict'));
  }

  #options(sameSite: 'lax' | 'strict') {
    return { path: '/', httpOnly: true, secure: this.#settings.secure, sameSite } as const;
  }
}
