/** From the frames of a walked thread to the names that the lists are about. */
import { type CacheLimits, GenerationalCache } from './generational-cache.ts';
import { KnownFrame } from './known-frame.ts';
import type { Language } from './languages/language.ts';
import { languageOfFrame, languageOfName } from './languages/registry.ts';
import type { SignatureLists } from './lists.ts';
import {
  type CollapsedFunction,
  collapseCppFunction,
  collapseRustFunction,
  withLine,
} from './normalize-function.ts';
import {
  firstOf,
  get,
  isRecord,
  iterate,
  noAttribute,
  PythonError,
  str,
  stripLeadingZeros,
  text,
  truthy,
  typeName,
} from './python-values.ts';
import { parseSourceFile } from './source-file.ts';

/** Inlined functions are counted as frames. */
export const MOST_FRAMES = 40;

/**
 * Rust 1.34 wrote the functions of its panic machinery without their modules (seen in Firefox 67), and the
 * sentinels need the modules. Function → the file it must come from, and its full name.
 */
const WITHOUT_MODULE: ReadonlyMap<string, readonly [file: string, full: string]> = new Map([
  ['capacity_overflow', ['src/liballoc/raw_vec.rs', 'alloc::raw_vec::capacity_overflow']],
  ['expect_failed', ['src/libcore/option.rs', 'core::option::expect_failed']],
  ['panic_bounds_check', ['src/libcore/panicking.rs', 'core::panicking::panic_bounds_check']],
  ['panic_fmt', ['src/libcore/panicking.rs', 'core::panicking::panic_fmt']],
  ['panic', ['src/libcore/panicking.rs', 'core::panicking::panic']],
  ['slice_index_order_fail', ['src/libcore/slice/mod.rs', 'core::slice::slice_index_order_fail']],
  ['begin_panic_fmt', ['src/libstd/panicking.rs', 'std::panicking::begin_panic_fmt']],
  ['continue_panic_fmt', ['src/libstd/panicking.rs', 'std::panicking::continue_panic_fmt']],
  ['rust_panic_with_hook', ['src/libstd/panicking.rs', 'std::panicking::rust_panic_with_hook']],
]);

export function fixMissingModule(name: unknown, path: string | undefined): unknown {
  if (Array.isArray(name) || isRecord(name)) {
    throw new PythonError('TypeError', `unhashable type: '${typeName(name)}'`);
  }
  if (path === undefined || typeof name !== 'string') return name;
  const fix = WITHOUT_MODULE.get(name);
  return fix?.[0] === path ? fix[1] : name;
}

/** A function whose line number belongs to its name. */
class LinedFunction {
  readonly #collapsed: CollapsedFunction;

  constructor(collapsed: CollapsedFunction) {
    this.#collapsed = collapsed;
  }

  at(line: unknown): string {
    return this.#collapsed.finish(withLine(this.#collapsed.name, line));
  }
}

/** The same of another language. */
interface LinedName {
  readonly name: string;
}

/** `hg:host/repo:a/b.py:0a1b` has more around its path than a language's rules know of. */
function pathOf(file: string): string {
  const parts = file.split(':', 5);
  return (parts.length === 4 && parts[2]) || file;
}

/** Signatures end long before: a longer name is cut before a language's own rules look at it. */
const LONGEST_NAME = 2_000;

type FunctionCache = GenerationalCache<KnownFrame | LinedFunction>;

export class FrameNamer {
  readonly lists: SignatureLists;
  readonly #names: GenerationalCache<KnownFrame>;
  readonly #cpp: FunctionCache;
  readonly #rust: FunctionCache;
  readonly #other: GenerationalCache<KnownFrame | LinedName>;

  constructor(lists: SignatureLists, limits: CacheLimits) {
    this.lists = lists;
    // Names are shorter than functions with their arguments, and Rust's functions are fewer.
    const half = { entries: limits.entries, characters: limits.characters / 2 };
    this.#names = new GenerationalCache(half);
    this.#cpp = new GenerationalCache(limits);
    this.#rust = new GenerationalCache(half);
    this.#other = new GenerationalCache(half);
  }

  /** The first 40 frames, each one's inlined functions before itself. Throws `PythonError` on odd shapes. */
  nameThread(thread: unknown, lowerCaseModules: boolean, report?: Language): readonly KnownFrame[] {
    const frames = get(thread, 'frames');
    const named: KnownFrame[] = [];
    if (frames === undefined) return named;
    for (const frame of iterate(frames)) {
      const whole = asFrame(frame);
      const inlines = whole.inlines;
      if (inlines !== undefined && inlines !== null && truthy(inlines)) {
        for (const inline of iterate(inlines)) {
          named.push(this.#name(asFrame(inline), whole, undefined, lowerCaseModules, report));
          if (named.length === MOST_FRAMES) return named;
        }
      }
      named.push(this.#name(whole, whole, whole.unloaded_modules, lowerCaseModules, report));
      if (named.length === MOST_FRAMES) return named;
    }
    return named;
  }

  /** One frame's name as it stands, outside of a stack: with the module's own case, without the fix for Rust 1.34. */
  nameFrame(frame: unknown): string {
    const whole = asFrame(frame);
    if (!truthy(whole.function)) {
      return nameWithoutFunction(whole, whole.module, whole.unloaded_modules, whole.offset);
    }
    const language = languageOfFrame(whole.language, whole.file, undefined);
    if (language && typeof whole.function === 'string')
      return this.#named(language, whole.function, whole, whole.module).name;
    const rust = parseSourceFile(whole.file)?.endsWith('.rs') ?? false;
    return this.#function(whole.function, rust, whole.line).name;
  }

  known(name: string): KnownFrame {
    const seen = this.#names.get(name);
    if (seen !== undefined) return seen;
    const frame = new KnownFrame(name, this.lists);
    this.#names.set(name, frame);
    return frame;
  }

  /** Function, file and line are those of `source`, an inlined function or the frame itself. */
  #name(
    source: AnyFrame,
    frame: AnyFrame,
    unloaded: unknown,
    lowerCaseModules: boolean,
    report: Language | undefined,
  ): KnownFrame {
    // Only Rust's files matter, and most files are not: the cheap test first.
    const file = source.file;
    const path = typeof file === 'string' && !file.includes('.rs') ? undefined : parseSourceFile(file);
    const name = fixMissingModule(source.function, path);
    const { module } = frame;
    if (lowerCaseModules && typeof module !== 'string' && truthy(module)) throw noAttribute(module, 'lower');
    if (typeof name === 'string' && name !== '') {
      const language = languageOfFrame(source.language, file, report);
      if (language) return this.#named(language, name, source, module);
    }
    if (truthy(name)) return this.#function(name, path?.endsWith('.rs') ?? false, source.line);
    const written = lowerCaseModules && typeof module === 'string' ? module.toLowerCase() : module;
    return this.known(nameWithoutFunction(source, written, unloaded, frame.offset));
  }

  #function(name: unknown, rust: boolean, line: unknown): KnownFrame {
    if (typeof name !== 'string') {
      throw rust
        ? new PythonError('TypeError', `'${typeName(name)}' object is not iterable`)
        : new PythonError('AttributeError', `'${typeName(name)}' object has no attribute 'endswith'`);
    }
    const cache = rust ? this.#rust : this.#cpp;
    const seen = cache.get(name) ?? this.#remember(cache, name, rust);
    return seen instanceof KnownFrame ? seen : this.known(seen.at(line));
  }

  /** By the rules of a language of its own. */
  #named(language: Language, name: string, source: AnyFrame, module: unknown): KnownFrame {
    const file = typeof source.file === 'string' ? pathOf(source.file).slice(-LONGEST_NAME) : '';
    const place = typeof module === 'string' ? module.slice(0, LONGEST_NAME) : '';
    const key = `${language.name}\0${file}\0${place}\0${name}`;
    const seen = this.#other.get(key);
    if (seen) return seen instanceof KnownFrame ? seen : this.known(withLine(seen.name, source.line));
    const frame = { function: name.slice(0, LONGEST_NAME), file, module: place };
    const normal = language.normalise(frame) || frame.function;
    const isLined = this.lists.lineNumbers.matches(normal);
    this.#other.set(key, isLined ? { name: normal } : this.known(normal));
    return this.known(isLined ? withLine(normal, source.line) : normal);
  }

  #remember(cache: FunctionCache, name: string, rust: boolean): KnownFrame | LinedFunction {
    const language = rust ? undefined : languageOfName(name);
    if (language) return this.#named(language, name, {}, undefined);
    const collapsed = rust ? collapseRustFunction(name) : collapseCppFunction(name);
    const seen = this.lists.lineNumbers.matches(collapsed.name)
      ? new LinedFunction(collapsed)
      : this.known(collapsed.finish(collapsed.name));
    cache.set(name, seen);
    return seen;
  }
}

interface AnyFrame {
  readonly language?: unknown;
  readonly function?: unknown;
  readonly file?: unknown;
  readonly line?: unknown;
  readonly module?: unknown;
  readonly offset?: unknown;
  readonly inlines?: unknown;
  readonly unloaded_modules?: unknown;
}

function asFrame(frame: unknown): AnyFrame {
  if (isRecord(frame)) return frame;
  throw noAttribute(frame, 'get');
}

/** File and line, else the module, else an unloaded one, else the address, else nothing. */
function nameWithoutFunction(
  { file, line }: AnyFrame,
  module: unknown,
  unloaded: unknown,
  offset: unknown,
): string {
  if (truthy(file) && truthy(line)) return `${baseName(text(file, 'rstrip'))}#${str(line)}`;
  if (truthy(module)) return withoutBrackets(text(module, 'strip'));
  if (truthy(unloaded)) return `(unloaded ${str(get(firstOf(unloaded), 'module'))})`;
  return truthy(offset) ? `@${str(stripLeadingZeros(offset))}` : '';
}

/** A path of a version-control system keeps its revision: `MIR.h:755067c14b06`. */
function baseName(file: string): string {
  let end = file.length;
  while (end > 0 && (file.charAt(end - 1) === '/' || file.charAt(end - 1) === '\\')) end--;
  const path = file.slice(0, end);
  return path.slice(path.lastIndexOf(path.includes('\\') ? '\\' : '/') + 1);
}

/** `[vdso]` → `vdso`, any number of either bracket at either end. */
function withoutBrackets(module: string): string {
  const isBracket = (at: number): boolean => module.charAt(at) === '[' || module.charAt(at) === ']';
  let start = 0;
  let end = module.length;
  while (start < end && isBracket(start)) start++;
  while (end > start && isBracket(end - 1)) end--;
  return module.slice(start, end);
}
