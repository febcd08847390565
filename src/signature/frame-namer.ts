/** From the frames of a walked thread to the names that the lists are about. */
import { FrameMemo, type MemoKey, type MemoLimits } from './frame-memo.ts';
import { KnownFrame } from './known-frame.ts';
import type { Language, NamedFrame } from './languages/language.ts';
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

/** Most functions are longer than any of these, and need not be looked up. */
const LONGEST_WITHOUT_MODULE = Math.max(...[...WITHOUT_MODULE.keys()].map((name) => name.length));

export function fixMissingModule(name: unknown, path: string | undefined): unknown {
  if (Array.isArray(name) || isRecord(name)) {
    throw new PythonError('TypeError', `unhashable type: '${typeName(name)}'`);
  }
  if (path === undefined || typeof name !== 'string' || name.length > LONGEST_WITHOUT_MODULE) return name;
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

/** `hg:host/repo:a/b.py:0a1b` has more around its path than a language's rules know of. */
function pathOf(file: string): string {
  const parts = file.split(':', 5);
  return (parts.length === 4 && parts[2]) || file;
}

/** Signatures end long before: a longer name is cut before a language's own rules look at it. */
const LONGEST_NAME = 2_000;

/** By whose rules a text becomes a name; `name` is one already. */
const KINDS = { name: 0, cpp: 1, rust: 2, language: 3 } as const;

/** A frame of a stack, reduced to what its name depends on. */
interface Wanted extends MemoKey {
  readonly line: unknown;
  /** Of a frame of kind `language`. */
  readonly named: ByLanguage | undefined;
}

interface ByLanguage {
  readonly language: Language;
  readonly frame: NamedFrame;
}

const wantedName = (text: string): Wanted => ({ kind: KINDS.name, text, line: undefined, named: undefined });

export class FrameNamer {
  readonly lists: SignatureLists;
  /** What it holds goes with the lists: other lists have another namer. */
  readonly #memo: FrameMemo<KnownFrame | LinedFunction>;

  constructor(lists: SignatureLists, limits: MemoLimits) {
    this.lists = lists;
    this.#memo = new FrameMemo(limits);
  }

  /** The first 40 frames, each one's inlined functions before itself. Throws `PythonError` on odd shapes. */
  nameThread(thread: unknown, lowerCaseModules: boolean, report?: Language): readonly KnownFrame[] {
    const wanted: Wanted[] = [];
    try {
      collectFrames(wanted, get(thread, 'frames'), lowerCaseModules, report);
    } catch (error) {
      // A frame before that one may have no name either, and the first such frame is the one that is noted.
      this.#nameAll(wanted);
      throw error;
    }
    return this.#nameAll(wanted);
  }

  /** One frame's name as it stands, outside of a stack: with the module's own case, without the fix for Rust 1.34. */
  nameFrame(frame: unknown): string {
    const whole = asFrame(frame);
    const name = whole.function;
    if (!truthy(name)) return nameWithoutFunction(whole, whole.module, whole.unloaded_modules, whole.offset);
    const language = languageOfFrame(whole.language, whole.file, undefined);
    const wanted =
      language && typeof name === 'string'
        ? wantedOfLanguage(language, name, whole, whole.module)
        : wantedFunction(name, parseSourceFile(whole.file)?.endsWith('.rs') ?? false, whole.line);
    return this.#name(wanted).name;
  }

  known(name: string): KnownFrame {
    return this.#name(wantedName(name));
  }

  #nameAll(wanted: readonly Wanted[]): readonly KnownFrame[] {
    const found = this.#memo.find(wanted);
    return wanted.map((one, i) => this.#finish(one, found[i]));
  }

  #name(wanted: Wanted): KnownFrame {
    return this.#finish(wanted, this.#memo.find([wanted])[0]);
  }

  #finish(wanted: Wanted, found: KnownFrame | LinedFunction | undefined): KnownFrame {
    const known = found ?? this.#remember(wanted);
    return known instanceof KnownFrame ? known : this.known(known.at(wanted.line));
  }

  #remember(wanted: Wanted): KnownFrame | LinedFunction {
    const made = this.#make(wanted);
    this.#memo.set(wanted, made);
    return made;
  }

  #make({ kind, text: name, named }: Wanted): KnownFrame | LinedFunction {
    if (kind === KINDS.name) return new KnownFrame(name, this.lists);
    if (named) return this.#known(collapseByLanguage(named));
    if (kind === KINDS.rust) return this.#known(collapseRustFunction(name));
    const language = languageOfName(name);
    if (language === undefined) return this.#known(collapseCppFunction(name));
    return this.#known(collapseByLanguage({ language, frame: { function: name, file: '', module: '' } }));
  }

  #known(collapsed: CollapsedFunction): KnownFrame | LinedFunction {
    if (this.lists.lineNumbers.matches(collapsed.name)) return new LinedFunction(collapsed);
    return new KnownFrame(collapsed.finish(collapsed.name), this.lists);
  }
}

/** Adds the first 40 to `wanted`. Throws `PythonError` with those before the odd one in it. */
function collectFrames(
  wanted: Wanted[],
  frames: unknown,
  lowerCaseModules: boolean,
  report: Language | undefined,
): void {
  if (frames === undefined) return;
  for (const frame of iterate(frames)) {
    const whole = asFrame(frame);
    const { inlines } = whole;
    if (inlines !== undefined && inlines !== null && truthy(inlines)) {
      for (const inline of iterate(inlines)) {
        wanted.push(wantedFrame(asFrame(inline), whole, undefined, lowerCaseModules, report));
        if (wanted.length === MOST_FRAMES) return;
      }
    }
    wanted.push(wantedFrame(whole, whole, whole.unloaded_modules, lowerCaseModules, report));
    if (wanted.length === MOST_FRAMES) return;
  }
}

/** Function, file and line are those of `source`, an inlined function or the frame itself. */
function wantedFrame(
  source: AnyFrame,
  frame: AnyFrame,
  unloaded: unknown,
  lowerCaseModules: boolean,
  report: Language | undefined,
): Wanted {
  // Only Rust's files matter, and most files are not: the cheap test first.
  const file = source.file;
  const path = typeof file === 'string' && !file.includes('.rs') ? undefined : parseSourceFile(file);
  const name = fixMissingModule(source.function, path);
  const { module } = frame;
  if (lowerCaseModules && typeof module !== 'string' && truthy(module)) throw noAttribute(module, 'lower');
  if (typeof name === 'string' && name !== '') {
    const language = languageOfFrame(source.language, file, report);
    if (language) return wantedOfLanguage(language, name, source, module);
  }
  if (truthy(name)) return wantedFunction(name, path?.endsWith('.rs') ?? false, source.line);
  const written = lowerCaseModules && typeof module === 'string' ? module.toLowerCase() : module;
  return wantedName(nameWithoutFunction(source, written, unloaded, frame.offset));
}

function wantedFunction(name: unknown, rust: boolean, line: unknown): Wanted {
  if (typeof name === 'string') {
    return { kind: rust ? KINDS.rust : KINDS.cpp, text: name, line, named: undefined };
  }
  throw rust
    ? new PythonError('TypeError', `'${typeName(name)}' object is not iterable`)
    : new PythonError('AttributeError', `'${typeName(name)}' object has no attribute 'endswith'`);
}

/** By the rules of a language of its own. */
function wantedOfLanguage(language: Language, name: string, source: AnyFrame, module: unknown): Wanted {
  const file = typeof source.file === 'string' ? pathOf(source.file).slice(-LONGEST_NAME) : '';
  const place = typeof module === 'string' ? module.slice(0, LONGEST_NAME) : '';
  return {
    kind: KINDS.language,
    text: `${language.name}\0${file.length}\0${place.length}\0${file}${place}${name}`,
    line: source.line,
    named: { language, frame: { function: name, file, module: place } },
  };
}

function collapseByLanguage({ language, frame }: ByLanguage): CollapsedFunction {
  const name = frame.function.slice(0, LONGEST_NAME);
  return { name: language.normalise({ ...frame, function: name }) || name, finish: (lined) => lined };
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
