/** One stack walk from dump to outcome: our reader, the symbols, the walker, and all of it put together. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { raceSignal, throwIfAborted } from '../lib/abort.ts';
import { Semaphore } from '../lib/concurrency.ts';
import type { CallOptions, Dump } from '../model/report.ts';
import { completeWalk, readerWalk } from './complete-walk.ts';
import { metrics } from './metrics.ts';
import type { MinidumpData } from './minidump/data.ts';
import type { MinidumpReader } from './minidump/minidump-reader.ts';
import type { Stackwalker, WalkOutcome, WalkRequest } from './stackwalker.ts';
import type { GatheredSymbols, SymbolState, SymbolStore } from './symbol-store.ts';
import type { OpenWalker, WalkerResult } from './walker.ts';

export interface DumpStackwalkerParts {
  readonly name: string;
  readonly walker: OpenWalker;
  readonly reader: MinidumpReader;
  readonly symbols: SymbolStore;
  /** Walkers at once. */
  readonly concurrency: number;
}

/** Socorro's words for a dump without bytes, which people search for. */
const EMPTY: Omit<WalkOutcome, 'tool' | 'notes'> = {
  walk: { status: 'EmptyMinidump' },
  exitCode: null,
  stderr: 'Shortcut for 0-bytes minidump.',
};

/** A form part's name is the client's: it goes into a public note only when it is an ordinary one. */
const plainName = (name: string): string => (/^[\w.-]{1,100}$/.test(name) ? name : 'minidump');

/** Socorro's words for how the tool ended (-6 and -9 are what it sees of its time limits). */
function endNote(
  tool: string,
  exitCode: number | null,
  timedOut: boolean,
  status: string,
): string | undefined {
  if (timedOut || exitCode === -9) return `${tool}: timeout (SIGKILL)`;
  if (exitCode === -6) return `${tool}: timeout (SIGABRT)`;
  if (exitCode === 0 && status === 'OK') return undefined;
  return exitCode === null ? `${tool}: failed: ${status}` : `${tool}: failed: ${exitCode}: ${status}`;
}

function symbolNotes(states: ReadonlyMap<number, SymbolState>): string[] {
  const count = (state: SymbolState['state']): number =>
    [...states.values()].filter((s) => s.state === state).length;
  const notes: string[] = [];
  const unavailable = count('unavailable');
  const refused = count('refused');
  if (unavailable > 0)
    notes.push(`symbols: ${unavailable} files could not be fetched; a reprocess may find them`);
  if (refused > 0) notes.push(`symbols: ${refused} files are not what they should be`);
  return notes;
}

/** Made by `createStackwalker`. */
export class DumpStackwalker implements Stackwalker {
  readonly name: string;
  readonly #parts: DumpStackwalkerParts;
  readonly #slots: Semaphore;

  constructor(parts: DumpStackwalkerParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#slots = new Semaphore(Math.max(1, parts.concurrency));
  }

  async walk(request: WalkRequest, options: CallOptions = {}): Promise<WalkOutcome> {
    const { walker, reader } = this.#parts;
    throwIfAborted(options.signal);
    if (request.dump.size === 0) {
      metrics.count('stackwalk_runs_total', { tool: this.name, outcome: 'empty' });
      const notes = [`${plainName(request.dump.name)} is empty--skipping minidump processing`];
      return { ...EMPTY, tool: walker.tool, notes };
    }
    const path = await localPath(request, options);
    const data = await reader.read(path, options);
    // Nothing that a walker could do: it need not be let near such bytes.
    if (data.status === 'ERROR_NO_MINIDUMP_HEADER') return this.#noMinidump(data);
    const symbols = await this.#gather(data, options);
    try {
      const slot = this.#slots.run(() => this.#run(path, request, data, symbols, options));
      return this.#outcome(await raceSignal(slot, options.signal), data, symbols);
    } finally {
      symbols.release();
    }
  }

  async #gather(data: MinidumpData, options: CallOptions): Promise<GatheredSymbols> {
    const started = performance.now();
    const symbols = await this.#parts.symbols.gather(data.modules, data.stackModules, options);
    metrics.observe('stackwalk_symbols_seconds', (performance.now() - started) / 1000);
    return symbols;
  }

  async #run(
    path: string,
    request: WalkRequest,
    data: MinidumpData,
    symbols: GatheredSymbols,
    options: CallOptions,
  ): Promise<WalkerResult> {
    throwIfAborted(options.signal);
    const started = performance.now();
    const input = {
      path,
      annotations: request.annotations,
      scratch: request.scratch,
      symbolFolders: symbols.folders,
      data,
    };
    const result = await this.#parts.walker.walk(input, { signal: options.signal });
    metrics.observe('stackwalk_seconds', (performance.now() - started) / 1000, { tool: this.name });
    return result;
  }

  #outcome(result: WalkerResult, data: MinidumpData, symbols: GatheredSymbols): WalkOutcome {
    const { walker } = this.#parts;
    const tool = walker.tool.split(' ', 1)[0] ?? walker.tool;
    const ended = result.exitCode === null && result.status === 'OK' ? 0 : result.exitCode;
    const end = endNote(tool, ended, result.timedOut, result.status);
    const outcome = result.timedOut ? 'timeout' : end ? 'failed' : 'ok';
    metrics.count('stackwalk_runs_total', { tool: this.name, outcome });
    const walk = completeWalk(result.walk ?? readerWalk(data, result.status), data, symbols.states);
    return {
      walk: { ...walk, status: result.status },
      exitCode: result.exitCode,
      tool: walker.tool,
      stderr: result.stderr,
      notes: [...result.notes, ...(end ? [end] : []), ...symbolNotes(symbols.states)],
    };
  }

  #noMinidump(data: MinidumpData): WalkOutcome {
    metrics.count('stackwalk_runs_total', { tool: this.name, outcome: 'failed' });
    const notes = [`not a minidump: ${data.status}`];
    return {
      walk: { status: data.status },
      exitCode: null,
      tool: this.#parts.walker.tool,
      stderr: '',
      notes,
    };
  }

  /** Closes what it was made of. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([this.#parts.symbols.close(), this.#parts.reader.close()]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

/** Walkers want a file: the dump's own, or a copy in the scratch folder. */
async function localPath(request: WalkRequest, options: CallOptions): Promise<string> {
  const { dump, scratch } = request;
  return dump.path ?? copyDump(dump, scratch, options);
}

async function copyDump(dump: Dump, scratch: string, { signal }: CallOptions): Promise<string> {
  const path = join(scratch, 'walk.dmp');
  try {
    const source = await dump.open({ signal });
    await pipeline(source, createWriteStream(path, { mode: 0o600 }), signal ? { signal } : {});
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
  return path;
}
