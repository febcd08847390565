/** A web site over a memory store, with a clock, a queue that remembers and a search that answers what it is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { silentLog } from '../../src/lib/log.ts';
import { parseSettings } from '../../src/lib/settings.ts';
import { type CrashId, parseCrashId } from '../../src/model/crash-id.ts';
import type { ProcessedCrash } from '../../src/model/processed-crash.ts';
import type { Dump, RawCrash } from '../../src/model/report.ts';
import type { ErrorEvent } from '../../src/notify/contract.ts';
import type { CrashQueue, CrashTask, DeadTask, Lane } from '../../src/queue/contract.ts';
import { QueueError } from '../../src/queue/contract.ts';
import { FIELDS } from '../../src/search/field-list.ts';
import type { SearchQuery, SearchResult } from '../../src/search/query.ts';
import { type CrashStorage, HEALTHY } from '../../src/storage/contract.ts';
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts';
import { createOneTimeLink } from '../../src/web/access/one-time-link.ts';
import type { WebDeps } from '../../src/web/deps.ts';
import { type WebSettings, webSchema } from '../../src/web/settings.ts';
import { createSite } from '../../src/web/site.ts';

export const HOST = '127.0.0.1:8000';
export const NOW = new Date('2026-11-21T12:00:00.000Z');

export function idOf(number: number, digit = 0): CrashId {
  const hex = number.toString(16).padStart(8, '0');
  const id = parseCrashId(`${hex}-1111-4222-8333-44444${digit}261121`);
  if (!id) throw new Error('the fixture makes a bad id');
  return id;
}

export const dumpOf = (name: string, bytes: Buffer): Dump => ({
  name,
  size: bytes.length,
  open: async () => Readable.from([bytes]),
});

export const rawOf = (
  id: CrashId,
  annotations: Record<string, string> = {},
  rest: Partial<RawCrash> = {},
): RawCrash => ({
  id,
  annotations,
  receivedAt: '2026-11-21T11:59:00.000Z',
  metadata: {
    payload: 'multipart',
    compressed: false,
    size: 1234,
    notes: [],
    userAgent: 'test',
    throttleRule: 'accept everything',
    outcome: 'accepted',
  },
  ...rest,
});

interface FakeQueue {
  readonly queue: CrashQueue;
  readonly published: { task: CrashTask; lane: Lane }[];
  readonly dead: DeadTask<CrashTask>[];
  down: boolean;
}

function fakeQueue(): FakeQueue {
  const state: { -readonly [K in keyof FakeQueue]: FakeQueue[K] } = {
    published: [],
    dead: [],
    down: false,
    queue: undefined as unknown as CrashQueue,
  };
  const check = (): void => {
    if (state.down) throw new QueueError('unavailable', 'secret-host:5672 refused');
  };
  state.queue = {
    name: 'fake',
    async publish(task, lane) {
      check();
      state.published.push({ task, lane });
    },
    consume: async () => undefined,
    async depth(lane) {
      check();
      return state.published.filter((one) => one.lane === lane).length;
    },
    async *listDead() {
      check();
      yield* state.dead;
    },
    requeueDead: async () => 0,
    removeDead: async () => 0,
    forget: async () => false,
    health: async () => check(),
    close: async () => undefined,
  };
  return state;
}

interface FakeSearch {
  readonly store: CrashStorage<'search'>;
  readonly queries: SearchQuery[];
  /** What the next searches answer. */
  answer: (query: SearchQuery) => SearchResult | Promise<SearchResult>;
}

export const NOTHING_FOUND: SearchResult = {
  total: { count: 0, exact: true },
  hits: [],
  facets: {},
  warnings: [],
};

function fakeSearch(): FakeSearch {
  const queries: SearchQuery[] = [];
  const fake: FakeSearch = {
    queries,
    answer: () => NOTHING_FOUND,
    store: {
      name: 'index',
      use: 'fake',
      capabilities: new Set(['search'] as const),
      children: [],
      health: async () => HEALTHY,
      close: async () => undefined,
      applyFields: async () => undefined,
      async search(query) {
        queries.push(query);
        return fake.answer(query);
      },
      dropBefore: async () => [],
    },
  };
  return fake;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly bytes: Buffer;
}

/** Cookies and the form token, as a browser keeps them. */
export class Browser {
  readonly #app: FastifyInstance;
  readonly cookies = new Map<string, string>();
  readonly setCookies: string[] = [];
  #token = '';

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  async get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', url, headers);
  }

  /** Sends a form with the token of the last page. */
  async post(
    url: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = new URLSearchParams({ form_token: this.#token, ...fields }).toString();
    return this.send(
      'POST',
      url,
      {
        'content-type': 'application/x-www-form-urlencoded',
        origin: `http://${HOST}`,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body,
    );
  }

  async send(
    method: string,
    url: string,
    headers: Record<string, string>,
    payload?: string,
  ): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.#app.inject({
      method: method as 'GET',
      url,
      headers: { host: HOST, ...(cookie ? { cookie } : {}), ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    for (const line of [response.headers['set-cookie'] ?? []].flat()) this.#keep(line);
    this.#token = /name="form_token" value="([^"]*)"/.exec(response.body)?.[1] ?? this.#token;
    return {
      status: response.statusCode,
      body: response.body,
      headers: response.headers,
      bytes: response.rawPayload,
    };
  }

  #keep(line: string): void {
    this.setCookies.push(line);
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

export interface SiteFixture {
  readonly app: FastifyInstance;
  readonly deps: WebDeps;
  readonly store: MemoryStorage;
  readonly queue: FakeQueue;
  readonly search: FakeSearch;
  readonly dataDir: string;
  readonly reported: ErrorEvent[];
  /** Moves the clock. */
  pass(ms: number): void;
  browser(): Browser;
  /** A browser that has opened a one-time link. */
  owner(): Promise<Browser>;
  save(processed: ProcessedCrash, raw?: RawCrash, dumps?: readonly Dump[]): Promise<void>;
  close(): Promise<void>;
}

export async function openSite(
  change: Partial<WebDeps> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<SiteFixture> {
  const dataDir = await mkdtemp(join(tmpdir(), 'auxilio-web-'));
  const store = new MemoryStorage('main', { maxBytes: 64 * 1024 ** 2 });
  const queue = fakeQueue();
  const search = fakeSearch();
  const reported: ErrorEvent[] = [];
  let now = NOW.getTime();
  const deps: WebDeps = {
    dataDir,
    source: store,
    search: search.store,
    queue: queue.queue,
    collectorUrl: () => 'http://127.0.0.1:8001/submit',
    fields: FIELDS,
    sampleFolder: join(dataDir, 'no-sample'),
    log: silentLog,
    clock: { now: () => new Date(now) },
    reporter: { report: (event) => void reported.push(event), close: async () => undefined },
    version: { version: '0.1.0' },
    keys: { signingSecret: 'a secret of the tests, long enough for them' },
    heartbeat: async () => ({ ok: true, body: { ok: true } }),
    ...change,
  };
  const app = createSite(deps, parseSettings<WebSettings>(webSchema, settings));
  await app.ready();
  return {
    app,
    deps,
    store,
    queue,
    search,
    dataDir,
    reported,
    pass: (ms) => {
      now += ms;
    },
    browser: () => new Browser(app),
    async owner() {
      const browser = new Browser(app);
      const link = await createOneTimeLink(dataDir, `http://${HOST}`, deps.clock);
      await browser.get(new URL(link).pathname);
      const answer = await browser.post(new URL(link).pathname);
      if (answer.status !== 303) throw new Error(`the link did not open: ${answer.status}`);
      return browser;
    },
    async save(processed, raw = rawOf(processed.id), dumps = []) {
      await store.saveReport({ raw, dumps });
      await store.saveProcessed(raw, processed);
    },
    async close() {
      await app.close();
      await rm(dataDir, { recursive: true });
    },
  };
}
