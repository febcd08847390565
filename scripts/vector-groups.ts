/**
 * Which function each group of signature vectors is about. `scripts/vectors.ts` and the tests both read it.
 * A vector is `{group, era, input, expected, source, config?}`; `expected: {raises: …}` means the original throws.
 */
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseCrashId } from '../src/model/crash-id.ts';
import { chooseFrames } from '../src/signature/choose-frames.ts';
import type { CrashData } from '../src/signature/crash-data.ts';
import { defaultRules } from '../src/signature/default-rules.ts';
import { FrameNamer, fixMissingModule } from '../src/signature/frame-namer.ts';
import { SignatureGenerator } from '../src/signature/generator.ts';
import {
  nameJavaFrame,
  signatureOfJavaException,
  signatureOfJavaStack,
} from '../src/signature/java-signature.ts';
import { loadLists, parseLists } from '../src/signature/list-folder.ts';
import type { SignatureLists } from '../src/signature/lists.ts';
import {
  type CollapsedFunction,
  collapseCppFunction,
  collapseRustFunction,
  withLine,
} from '../src/signature/normalize-function.ts';
import { PatternList } from '../src/signature/pattern-list.ts';
import { codePoints, printableAscii } from '../src/signature/python-text.ts';
import { intOrUndefined, isRecord, PythonError, stripLeadingZeros } from '../src/signature/python-values.ts';
import { dropPrefixAndReturnType } from '../src/signature/return-type.ts';
import { SignatureRun } from '../src/signature/signature-run.ts';
import { collapseArguments, collapseTypes, enclosedSlices } from '../src/signature/slices.ts';
import { parseSourceFile } from '../src/signature/source-file.ts';
import { crashingThread } from '../src/signature/stack-reader.ts';

export interface Vector {
  readonly group: string;
  readonly era: string;
  readonly input: unknown;
  readonly expected: unknown;
  readonly source?: string;
  readonly config?: unknown;
}

/** Lists, and what is made of them once. */
export interface Bench {
  readonly lists: SignatureLists;
  readonly generator: SignatureGenerator;
  readonly namer: FrameNamer;
}

const CACHE = { entries: 1000, characters: 100_000 };

export const openBench = (lists: SignatureLists): Bench => ({
  lists,
  generator: new SignatureGenerator({ lists }),
  namer: new FrameNamer(lists, CACHE),
});

const SHIPPED = join(import.meta.dirname, '..', 'siglists');

/** The lists in the `siglists` folder beside a file of vectors, or ours when there is none. */
export async function openBenches(folder: string): Promise<Benches> {
  const cacheFile = join(tmpdir(), `auxilio-vectors-${userInfo().username}`, 'checked');
  const lists = await loadLists(SHIPPED, { cacheFile });
  // The original has no list of modules to trim; ours goes beyond it.
  const shipped = openBench({ ...lists, trim: new PatternList(lists.trim.name, []) });
  const file = existsSync(folder) ? openBench(await loadLists(folder, { cacheFile })) : shipped;
  return { file, shipped, unit: openBench(await configured(UNIT_LISTS)) };
}

type Fields = Readonly<Record<string, unknown>>;
type Run = (input: Fields, bench: Bench, vector: Vector) => unknown;

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error(`the vector has ${typeof value} where text belongs`);
  return value;
};

const number = (value: bigint | undefined): number | bigint | null => {
  if (value === undefined) return null;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
};

/** JSON has no undefined; Python's None is null. */
const orNull = (value: unknown): unknown => (value === undefined ? null : value);

const withLineNumber =
  (collapse: (name: string) => CollapsedFunction): Run =>
  (input, { lists }) => {
    const { name, finish } = collapse(text(input['function']));
    return finish(lists.lineNumbers.matches(name) ? withLine(name, input['line']) : name);
  };

const javaStack: Run = (input) => signatureOfJavaStack(input['source'], text(input['delimiter'] ?? ': '));

/** What there is beyond the class may be left out of a vector when nothing is noted. */
const javaException: Run = (_input, _bench, { input, expected }) => {
  const found = signatureOfJavaException(input);
  return typeof expected === 'string' ? found.signature : found;
};

const endToEnd: Run = (input, { generator }) => {
  const { signature, notes, extra } = generator.generate(input as CrashData);
  return { signature, proto_signature: extra.proto_signature ?? null, notes };
};

const frameNormalize: Run = (input, { namer }) => namer.nameFrame(input);

/** Code points, as the original counts. */
const slices: Run = (input) => {
  const s = text(input['s']);
  const pairs = enclosedSlices(s, text(input['opening_token']), text(input['closing_token']));
  return pairs.map(([start, end]) => [codePoints(s.slice(0, start)), codePoints(s.slice(0, end))]);
};

type Config = { readonly [name: string]: readonly (string | readonly string[])[] };

/** What the original's unit tests of its C tool put in place of the lists, unless a vector has its own. */
const UNIT_LISTS: Config = {
  irrelevant: ['ignored1'],
  prefix: ['pre1', 'pre2'],
  sentinels: ['sentinel', ['sentinel2', 'only if frame list contains: ff']],
  line_numbers: ['fnNeedNumber'],
};
const UNIT_GROUP = /^(?:cpp|rust|frame|c_tool)\./;

/** `config`: lists by name; a sentinel may be a pair of the frame and `only if frame list contains: X`. */
async function configured(given: Config): Promise<SignatureLists> {
  const lines = (name: string): string =>
    (given[name] ?? []).map((entry) => (typeof entry === 'string' ? entry : entry[0])).join('\n');
  // The original's regex of no lines matches everything.
  const patterns = (name: string): string => (given[name]?.length === 0 ? '(?:)' : lines(name));
  const lists = await parseLists({
    irrelevant: patterns('irrelevant'),
    prefix: patterns('prefix'),
    sentinels: lines('sentinels'),
    lineNumbers: patterns(
      'signatures_with_line_numbers' in given ? 'signatures_with_line_numbers' : 'line_numbers',
    ),
    trim: lines('trim_dll'),
  });
  const sentinels = new Map(lists.sentinels);
  for (const entry of given['sentinels'] ?? []) {
    if (typeof entry === 'string') continue;
    const [frame = '', condition = ''] = entry;
    const onlyWith = condition.replace(/^only if frame list contains: /, '');
    const known = sentinels.get(frame);
    if (known) sentinels.set(frame, { ...known, onlyWith });
  }
  return { ...lists, sentinels };
}

const chooseFromNames: Run = (input, { namer }) => {
  const names = (input['source'] as readonly unknown[]).map(text);
  const thread = input['crashed_thread'] ?? input['crashing_thread'];
  const { signature, notes } = chooseFrames(
    names.map((name) => namer.known(name)),
    { thread: typeof thread === 'number' ? BigInt(thread) : null, trace: true },
  );
  return { signature, notes };
};

const createFrameList: Run = (input, { namer }) =>
  namer.nameThread(input['thread'], input['make_modules_lower_case'] === true).map((frame) => frame.name);

/** A dotted path makes the objects on its way. */
const override: Run = (input) => {
  const data = structuredClone(input['crash_data']) as Record<string, unknown>;
  for (const [path, value] of Object.entries(input['overrides'] as Fields)) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let here = data;
    for (const step of steps) {
      if (!Object.hasOwn(here, step)) here[step] = {};
      const next = here[step];
      if (!isRecord(next)) throw new Error('PathAssignError');
      here = next as Record<string, unknown>;
    }
    here[last] = value;
  }
  return data;
};

const simple: Readonly<Record<string, Run>> = {
  'cpp.normalize_function': withLineNumber(collapseCppFunction),
  'rust.normalize_function': withLineNumber(collapseRustFunction),
  'rust.fix_missing_module': (input) => {
    const frame = input['frame'] as Fields;
    if (!('file' in frame && 'function' in frame)) return orNull(frame['function']);
    return fixMissingModule(frame['function'], parseSourceFile(frame['file']));
  },
  'frame.normalize': frameNormalize,
  'java_stack.generate': javaStack,
  'java_exception.generate': javaException,
  'java_exception.normalize_frame': (_input, _bench, { input }) => nameJavaFrame(input),
  'c_tool.generate': chooseFromNames,
  'c_tool.create_frame_list': createFrameList,
  end_to_end: endToEnd,
  'utils.int_or_none': (input) => number(intOrUndefined(input['data'])),
  'utils.get_crashing_thread': (input) => number(crashingThread(input['crash_data'] as CrashData)),
  'utils.override_values': override,
  'utils.drop_bad_characters': (input) => printableAscii(text(input['text'])),
  'utils.parse_source_file': (input) => orNull(parseSourceFile(input['source_file'])),
  'utils.find_enclosed_slices': slices,
  'utils.collapse_types': (input) => collapseTypes(text(input['function'])),
  'utils.collapse_arguments': (input) => collapseArguments(text(input['function'])),
  'utils.drop_prefix_and_return_type': (input) => dropPrefixAndReturnType(text(input['function'])),
  'utils.parse_crashid': (input) => orNull(parseCrashId(text(input['item']))),
  'utils.strip_leading_zeros': (input) => stripLeadingZeros(input['text']),
};

/** `rule.NAME.predicate` and `rule.NAME.action`. */
function ruleVector(group: string): Run | undefined {
  const [, name, part] = /^rule\.(\w+)\.(predicate|action)$/.exec(group) ?? [];
  const rule = defaultRules.find((known) => known.name === name);
  if (!rule) return undefined;
  return (input, { namer }, { expected }) => {
    const run = new SignatureRun(namer, (input['crash_data'] ?? {}) as CrashData, {
      trace: true,
      version: 'vectors',
      signature: text(input['signature_before'] ?? ''),
    });
    if (part === 'predicate') return rule.when?.(run) ?? true;
    run.attempt({ ...rule, when: () => true });
    const { signature, notes, extra } = run.result();
    const wantsExtra = typeof expected === 'object' && expected !== null && 'extra' in expected;
    return wantsExtra ? { signature, notes, extra } : { signature, notes };
  };
}

/** Undefined for a group that is not known: such a vector has failed. */
function groupOf({ group, era }: Vector): Run | undefined {
  if (era !== '2026') return undefined;
  const name = group.replace(/^(?:derived|random)\./, '');
  return Object.hasOwn(simple, name) ? simple[name] : ruleVector(name);
}

export type Outcome =
  | { readonly passed: true }
  | { readonly passed: false; readonly reason: string; readonly actual?: unknown };

/** Whole crashes are run with the lists of their file; the groups from the original's unit tests with ours. */
export interface Benches {
  readonly file: Bench;
  readonly shipped: Bench;
  readonly unit: Bench;
}

export async function runVector(vector: Vector, benches: Benches): Promise<Outcome> {
  if (!isRecord(vector)) return { passed: false, reason: 'it is no object' };
  const run = groupOf(vector);
  if (!run) return { passed: false, reason: `group ${vector.group} of era ${vector.era} is not known` };
  const actual = attempt(run, vector, await benchOf(vector, benches));
  return sameJson(actual, vector.expected) ? { passed: true } : { passed: false, reason: 'differs', actual };
}

/** By the JSON of their lists, which many vectors share. */
const configuredBenches = new Map<string, Bench>();

async function benchOf({ group, config }: Vector, benches: Benches): Promise<Bench> {
  if (config !== undefined) {
    const json = JSON.stringify(config);
    const opened =
      configuredBenches.get(json) ?? openBench(await configured({ ...UNIT_LISTS, ...(config as Config) }));
    configuredBenches.set(json, opened);
    return opened;
  }
  if (group.endsWith('end_to_end')) return benches.file;
  return UNIT_GROUP.test(group) ? benches.unit : benches.shipped;
}

function attempt(run: Run, vector: Vector, bench: Bench): unknown {
  try {
    return run((vector.input ?? {}) as Fields, bench, vector);
  } catch (error) {
    if (error instanceof PythonError) return { raises: error.kind };
    return { raises: error instanceof Error ? error.message : String(error) };
  }
}

/** Deep equality of JSON values; the order of keys says nothing. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const other = b as Fields;
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson((a as Fields)[key], other[key]))
  );
}
