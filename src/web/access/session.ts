/**
 * Two cookies. The *session* cookie comes from a one-time link and shows protected data: signed, HttpOnly,
 * SameSite=Strict, and known to `DATA_DIR/web/sessions` until log-out or its end. The *visit* cookie has no
 * authority: form tokens are derived from it. It is Lax, so that following a link from elsewhere does not
 * replace it and void the forms that are open.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { access, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { makeFolders } from '../../lib/make-folders.ts';

const NO_SUCH_FILE = 'ENOENT';
const ID = /^[A-Za-z0-9_-]{22}$/;

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === NO_SUCH_FILE;

const newId = (): string => randomBytes(16).toString('base64url');

export class Sessions {
  readonly #folder: string;
  readonly #secret: string;
  readonly #clock: Clock;
  readonly #lifetimeMs: number;

  constructor(dataDir: string, secret: string, clock: Clock, lifetimeMs: number) {
    this.#folder = join(dataDir, 'web', 'sessions');
    this.#secret = secret;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
  }

  #sign(purpose: string, text: string): string {
    return createHmac('sha256', this.#secret).update(`${purpose}\0${text}`).digest('base64url');
  }

  #file(id: string): string {
    return join(this.#folder, createHash('sha256').update(id).digest('hex'));
  }

  /** Starts a session; resolves with the value of its cookie. */
  async start(): Promise<string> {
    await makeFolders(this.#folder, { mode: 0o700 });
    await this.#removeEnded();
    const id = newId();
    const end = this.#clock.now().getTime() + this.#lifetimeMs;
    await writeFile(this.#file(id), String(end), { mode: 0o600 });
    return `${id}.${end}.${this.#sign('session', `${id}.${end}`)}`;
  }

  /** True while the session of this cookie is on. */
  async isOn(cookie: string | undefined): Promise<boolean> {
    const id = this.#verify(cookie);
    if (id === undefined) return false;
    try {
      await access(this.#file(id));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Ends the session of this cookie, for every browser that has it. */
  async end(cookie: string | undefined): Promise<void> {
    const id = this.#verify(cookie);
    if (id === undefined) return;
    await unlink(this.#file(id)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  #verify(cookie: string | undefined): string | undefined {
    const [id = '', end = '', signature = '', ...rest] = (cookie ?? '').split('.');
    if (rest.length > 0 || !ID.test(id) || !/^\d{1,16}$/.test(end)) return undefined;
    if (!same(signature, this.#sign('session', `${id}.${end}`))) return undefined;
    return Number(end) > this.#clock.now().getTime() ? id : undefined;
  }

  /** Value of a new visit cookie. */
  newVisit(): string {
    return newId();
  }

  isVisit(visit: string | undefined): visit is string {
    return visit !== undefined && ID.test(visit);
  }

  /** What the forms of this visit carry. */
  formToken(visit: string): string {
    return this.#sign('form', visit);
  }

  isFormToken(visit: string | undefined, token: string | undefined): boolean {
    return this.isVisit(visit) && token !== undefined && same(token, this.formToken(visit));
  }

  async #removeEnded(): Promise<void> {
    const now = this.#clock.now().getTime();
    for (const name of await readdir(this.#folder)) {
      const file = join(this.#folder, name);
      try {
        // A file that another process has just made and not yet written has no number: it stays.
        const end = await readFile(file, 'utf8');
        if (end !== '' && Number(end) <= now) await unlink(file);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }
}
