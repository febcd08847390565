/** Settings of stack walks and symbol files, section `symbols`. */
import type { SettingsSchema } from '../lib/settings.ts';

export interface SymbolsSettings {
  /** `auto` or the name of a file in `walkers/`. */
  readonly stackwalker: string;
  readonly stackwalk_command: string;
  readonly symbol_paths: readonly string[];
  readonly symbol_urls: readonly string[];
  readonly symbols_cache: string;
  readonly symbols_cache_size: number;
  readonly symbols_missing_ttl: number;
  readonly symbols_fetch_timeout: number;
  readonly symbols_fetch_concurrency: number;
  readonly symbols_max_file: number;
  readonly symbols_max_modules: number;
  readonly stackwalk_timeout: number;
  readonly stackwalk_memory: number;
  readonly stackwalk_max_output: number;
  readonly stackwalk_concurrency: number;
  readonly reader_memory: number;
  readonly reader_timeout: number;
}

const GiB = 1024 ** 3;

export const symbolsSchema: SettingsSchema<SymbolsSettings> = {
  stackwalker: {
    doc: 'Who walks stacks: `rust-minidump` (its `minidump-stackwalk`), `breakpad` (its `minidump_stackwalk`), `reader` (our own, top frames only), or `auto`: the first of these that is there',
    format: 'name',
    default: 'auto',
  },
  stackwalk_command: {
    doc: 'Path of the walker; empty looks on PATH, then in our own package. With `auto` it is taken for `minidump-stackwalk` of rust-minidump unless its name is `minidump_stackwalk`',
    format: String,
    default: '',
  },
  symbol_paths: {
    doc: 'Folders of Breakpad symbol files laid out NAME/DEBUGID/NAME.sym, asked in order before any server',
    format: 'list',
    default: [],
  },
  symbol_urls: {
    doc: 'Symbol servers (Tecken layout, URL/NAME/DEBUGID/NAME.sym), asked in order',
    format: 'list',
    default: [],
  },
  symbols_cache: {
    doc: 'Folder of fetched symbol files; empty is DATA_DIR/symbols-cache',
    format: String,
    default: '',
  },
  symbols_cache_size: {
    doc: 'Size of that folder; the files unused for longest go first. Files of a walk that runs are kept',
    format: 'bytes',
    default: 40 * GiB,
  },
  symbols_missing_ttl: {
    doc: 'For how long a symbol file that no source has is not asked for again',
    format: 'duration',
    default: 3_600_000,
  },
  symbols_fetch_timeout: {
    doc: 'Time limit of one symbol file from one source',
    format: 'duration',
    default: 60_000,
  },
  symbols_fetch_concurrency: {
    doc: 'Symbol files fetched at once, all walks together',
    format: 'nat',
    default: 8,
  },
  symbols_max_file: {
    doc: 'Largest symbol file, unpacked; a larger one is treated as missing and noted',
    format: 'bytes',
    default: 4 * GiB,
  },
  symbols_max_modules: {
    doc: 'Modules of one crash for which symbols are looked for; those on the crashing stack come first',
    format: 'nat',
    default: 500,
  },
  stackwalk_timeout: {
    doc: 'Time limit of one stack walk, symbols not counted',
    format: 'duration',
    default: 120_000,
  },
  stackwalk_memory: {
    doc: 'Address space of one walker process (needs `prlimit` of util-linux; without it there is no such limit, and start-up says so). 0 is none',
    format: 'bytes',
    default: 4 * GiB,
  },
  stackwalk_max_output: {
    doc: 'Largest output of a walker; more is a failed walk',
    format: 'bytes',
    default: 64 * 1024 ** 2,
  },
  stackwalk_concurrency: { doc: 'Walkers running at once', format: 'nat', default: 2 },
  reader_memory: {
    doc: 'Heap of the worker thread that reads minidumps',
    format: 'bytes',
    default: 256 * 1024 ** 2,
  },
  reader_timeout: { doc: 'Time limit for reading one minidump', format: 'duration', default: 20_000 },
};
