/** Puts a stackwalker together from the settings: reader, walker, symbol sources, cache. */
import { basename, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../lib/clock.ts';
import { loadFolder } from '../lib/load-folder.ts';
import type { Log } from '../lib/log.ts';
import { nearest, SettingsError } from '../lib/settings.ts';
import type { CrashStorage } from '../storage/contract.ts';
import { DumpStackwalker } from './dump-stackwalker.ts';
import { findOnPath } from './find-tool.ts';
import { MinidumpReader } from './minidump/minidump-reader.ts';
import type { SymbolsSettings } from './settings.ts';
import { blobSource } from './sources/blobs.ts';
import { httpSource } from './sources/http.ts';
import type { SymbolSource } from './sources/source.ts';
import type { Stackwalker } from './stackwalker.ts';
import { SymbolCache } from './symbol-cache.ts';
import { SymbolStore } from './symbol-store.ts';
import type { OpenWalker, Walker, WalkerContext } from './walker.ts';

export interface StackwalkerDeps {
  /** `DATA_DIR`, absolute: the symbol cache lies in it unless a setting says otherwise. */
  readonly dataDir: string;
  readonly log: Log;
  /** Folders in which walkers are looked for, in order: those of PATH, as a rule. */
  readonly toolFolders: readonly string[];
  /** Symbol files under `NAME/DEBUGID/NAME.sym`; belongs to the caller. */
  readonly store?: CrashStorage<'blobs'> | undefined;
  readonly clock?: Clock | undefined;
}

interface ChosenWalker {
  readonly name: string;
  readonly walker: OpenWalker;
}

/** A path given without a walker's name: the two tools differ in one character. */
const walkerOfCommand = (command: string): string =>
  basename(command).startsWith('minidump_stackwalk') ? 'breakpad' : 'rust-minidump';

async function openNamed(
  walkers: readonly Walker[],
  name: string,
  context: WalkerContext,
): Promise<ChosenWalker> {
  const walker = walkers.find((candidate) => candidate.name === name);
  if (!walker) {
    const names = walkers.map((candidate) => candidate.name);
    const near = nearest(name, names);
    throw new SettingsError(
      `STACKWALKER: there is no stackwalker ${name}; ${near ? `did you mean ${near}?` : `there are auto, ${names.join(', ')}`}`,
    );
  }
  const open = await walker.open(context);
  if (!open)
    throw new SettingsError(`stackwalker ${name} is not installed here; set stackwalk_command to its path`);
  return { name, walker: open };
}

async function chooseWalker(settings: SymbolsSettings, context: WalkerContext): Promise<ChosenWalker> {
  const walkers = (await loadFolder<Walker>(join(import.meta.dirname, 'walkers'))).sort(
    (a, b) => a.rank - b.rank,
  );
  if (settings.stackwalker !== 'auto') return openNamed(walkers, settings.stackwalker, context);
  if (context.command !== '') return openNamed(walkers, walkerOfCommand(context.command), context);
  for (const walker of walkers) {
    try {
      const open = await walker.open(context);
      if (open) return { name: walker.name, walker: open };
    } catch (error) {
      // `auto` is asked to find one that works; the operator sees what was passed over.
      context.log.warn({ err: error, stackwalker: walker.name }, 'stackwalker does not run here');
    }
  }
  throw new SettingsError('no stackwalker runs here');
}

async function walkerContext(
  deps: StackwalkerDeps,
  settings: SymbolsSettings,
  cache: string,
): Promise<WalkerContext> {
  const prlimit = await findOnPath('prlimit', deps.toolFolders);
  if (prlimit === undefined && settings.stackwalk_memory > 0)
    deps.log.warn('prlimit is not on PATH: stackwalkers run without a limit on their memory');
  return {
    command: settings.stackwalk_command,
    toolFolders: deps.toolFolders,
    toolCache: join(cache, 'tools'),
    limits: {
      timeoutMs: settings.stackwalk_timeout,
      maxOutputBytes: settings.stackwalk_max_output,
      memoryBytes: settings.stackwalk_memory,
      prlimit,
    },
    log: deps.log,
  };
}

/**
 * Rejects with `SettingsError` when a walker that was asked for is not there or does not run.
 * Close it to stop its worker, its sub-processes and its cache.
 */
export async function createStackwalker(
  deps: StackwalkerDeps,
  settings: SymbolsSettings,
): Promise<Stackwalker> {
  const clock = deps.clock ?? systemClock;
  const folder =
    settings.symbols_cache === '' ? join(deps.dataDir, 'symbols-cache') : resolve(settings.symbols_cache);
  const sources: SymbolSource[] = settings.symbol_urls.map((url) =>
    httpSource({
      url,
      concurrency: settings.symbols_fetch_concurrency,
      timeoutMs: settings.symbols_fetch_timeout,
    }),
  );
  if (deps.store) sources.unshift(blobSource(deps.store));
  const chosen = await chooseWalker(settings, await walkerContext(deps, settings, folder));
  const cache = await SymbolCache.open({
    folder,
    maxBytes: settings.symbols_cache_size,
    maxFileBytes: settings.symbols_max_file,
    missingTtlMs: settings.symbols_missing_ttl,
    clock,
    log: deps.log,
  });
  deps.log.info({ stackwalker: chosen.name, tool: chosen.walker.tool }, 'stackwalker');
  return new DumpStackwalker({
    name: chosen.name,
    walker: chosen.walker,
    reader: new MinidumpReader({ memoryBytes: settings.reader_memory, timeoutMs: settings.reader_timeout }),
    symbols: new SymbolStore({
      folders: settings.symbol_paths.map((path) => resolve(path)),
      sources,
      cache,
      fetchTimeoutMs: settings.symbols_fetch_timeout,
      concurrency: Math.max(1, settings.symbols_fetch_concurrency),
      maxModules: settings.symbols_max_modules,
      clock,
      log: deps.log,
    }),
    concurrency: settings.stackwalk_concurrency,
  });
}
