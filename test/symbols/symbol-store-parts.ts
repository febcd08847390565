/** A local symbol server, a store over it, and the modules that ask. Closed after each test. */
import { readdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { MinidumpModule } from '../../src/symbols/minidump/data.ts';
import { httpSource } from '../../src/symbols/sources/http.ts';
import type { SymbolSource } from '../../src/symbols/sources/source.ts';
import { SymbolCache } from '../../src/symbols/symbol-cache.ts';
import { type GatheredSymbols, SymbolStore } from '../../src/symbols/symbol-store.ts';
import { listening } from '../build/listening.ts';
import { scratchFolder } from './tools.ts';

export const ID = '33D5ACC8FA4FAF0B13925815E36479AF0';
export const symText = (name: string, id = ID): string =>
  `MODULE Linux x86_64 ${id} ${name}\nFUNC 10 20 0 main\n10 20 3 0\n`;

export const moduleNamed = (debugFile: string | null, debugId: string | null = ID): MinidumpModule => ({
  path: String(debugFile),
  base: '0x0',
  size: 1,
  filename: String(debugFile),
  debugFile,
  debugId,
  codeId: null,
  version: null,
});

export class FakeClock implements Clock {
  ms = Date.parse('2026-11-21T00:00:00Z');
  now(): Date {
    return new Date(this.ms);
  }
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  readonly url: string;
  readonly asked: string[];
  answer: Answer;
}

export async function serve(answer: Answer): Promise<TestServer> {
  const asked: string[] = [];
  const made = { url: '', asked, answer };
  const server: Server = createServer((request, response) => {
    asked.push(request.url ?? '');
    made.answer(request, response);
  });
  const { url, close } = await listening(server);
  onTestFinished(close);
  return Object.assign(made, { url });
}

export interface Made {
  readonly store: SymbolStore;
  readonly cache: SymbolCache;
  readonly folder: string;
  readonly clock: FakeClock;
  gather(...modules: MinidumpModule[]): Promise<GatheredSymbols>;
  states(...modules: MinidumpModule[]): Promise<(string | undefined)[]>;
}

export interface StoreOptions {
  readonly sources: readonly SymbolSource[];
  readonly folders?: readonly string[];
  readonly folder?: string;
  readonly maxBytes?: number;
  readonly maxFileBytes?: number;
  readonly fetchTimeoutMs?: number;
  readonly clock?: FakeClock;
}

export async function makeStore(options: StoreOptions): Promise<Made> {
  const folder = options.folder ?? (await scratchFolder());
  const clock = options.clock ?? new FakeClock();
  const cache = await SymbolCache.open({
    folder,
    maxBytes: options.maxBytes ?? 1e9,
    maxFileBytes: options.maxFileBytes ?? 1e8,
    missingTtlMs: 3_600_000,
    clock,
    log: silentLog,
  });
  const store = new SymbolStore({
    folders: options.folders ?? [],
    sources: options.sources,
    cache,
    fetchTimeoutMs: options.fetchTimeoutMs ?? 20_000,
    concurrency: 4,
    maxModules: 500,
    clock,
    log: silentLog,
  });
  onTestFinished(() => store.close());
  const gather = (...modules: MinidumpModule[]) =>
    store.gather(
      modules,
      modules.map((_, i) => i),
    );
  return {
    store,
    cache,
    folder,
    clock,
    gather,
    async states(...modules) {
      const gathered = await gather(...modules);
      gathered.release();
      return modules.map((_, i) => gathered.states.get(i)?.state);
    },
  };
}

export const http = (url: string): SymbolSource => httpSource({ url, concurrency: 4, timeoutMs: 5000 });

/** Everything below a folder, relative to it. */
export async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(folder.length + 1))
    .sort();
}
