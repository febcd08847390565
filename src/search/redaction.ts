/** The public part of a processed crash: only what is listed here or is a public field, never the rest. */
import type {
  ProcessedCrash,
  StackFrame,
  StackModule,
  StackThread,
  StackWalk,
} from '../model/processed-crash.ts';
import type { FieldDefinition } from './fields.ts';
import type { Viewer } from './permissions.ts';

type Plain = Readonly<Record<string, unknown>>;

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): { [P in K]?: T[P] } {
  const picked: { [P in K]?: T[P] } = {};
  for (const key of keys) if (Object.hasOwn(from, key)) picked[key] = from[key];
  return picked;
}

/** A full path may hold the name of a person's home folder. Test: "shows no path of a module". */
const withoutFolder = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const maybe = (text: string | null | undefined): string | null => (text == null ? null : withoutFolder(text));

const FRAME = [
  'frame',
  'module_offset',
  'offset',
  'function',
  'function_offset',
  'file',
  'line',
  'trust',
  'missing_symbols',
] as const satisfies readonly (keyof StackFrame)[];

function publicFrame(frame: StackFrame): StackFrame {
  return {
    ...pick(frame, FRAME),
    frame: frame.frame,
    ...(frame.module === undefined ? {} : { module: maybe(frame.module) }),
    ...(frame.inlines
      ? { inlines: frame.inlines.map((i) => pick(i, ['function', 'file', 'line'])) as typeof frame.inlines }
      : {}),
    ...(frame.unloaded_modules
      ? {
          unloaded_modules: frame.unloaded_modules.map((m) => ({
            ...pick(m, ['offsets']),
            module: withoutFolder(m.module),
          })),
        }
      : {}),
    ...(frame.truncated ? { truncated: { msg: String(frame.truncated.msg) } } : {}),
  };
}

const publicThread = (thread: StackThread): StackThread => ({
  ...pick(thread, ['frame_count', 'thread_id', 'thread_name', 'last_error_value', 'truncated']),
  frames: thread.frames.map(publicFrame),
});

const MODULE = [
  'debug_id',
  'code_id',
  'version',
  'base_addr',
  'end_addr',
  'loaded_symbols',
  'missing_symbols',
  'corrupt_symbols',
] as const satisfies readonly (keyof StackModule)[];

const publicModule = (module: StackModule): StackModule => ({
  ...pick(module, MODULE),
  filename: withoutFolder(module.filename),
  ...(module.debug_file === undefined ? {} : { debug_file: maybe(module.debug_file) }),
});

const isRecord = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Stacks, modules and system of a walk, without registers, memory, instructions, paths and symbol addresses. */
export function publicStack(walk: StackWalk): StackWalk {
  const unloaded = walk.unloaded_modules?.map((m) => ({
    ...pick(m, ['base_addr', 'end_addr', 'code_id']),
    ...(typeof m['filename'] === 'string' ? { filename: withoutFolder(m['filename']) } : {}),
  }));
  const crash = walk.crash_info && {
    ...pick(walk.crash_info, ['type', 'address', 'crashing_thread', 'crash_inconsistencies']),
    ...(walk.crash_info.adjusted_address
      ? {
          adjusted_address: pick(walk.crash_info.adjusted_address, ['kind', 'address', 'offset']) as {
            kind: string;
          },
        }
      : {}),
  };
  const lsb = walk['lsb_release'];
  return {
    status: walk.status,
    ...pick(walk, ['main_module', 'thread_count']),
    ...(walk.system_info
      ? {
          system_info: pick(walk.system_info, [
            'os',
            'os_ver',
            'cpu_arch',
            'cpu_info',
            'cpu_count',
            'cpu_microcode_version',
          ]),
        }
      : {}),
    ...(crash ? { crash_info: crash } : {}),
    ...(walk.modules ? { modules: walk.modules.map(publicModule) } : {}),
    ...(unloaded ? { unloaded_modules: unloaded } : {}),
    ...(walk.threads ? { threads: walk.threads.map(publicThread) } : {}),
    ...(isRecord(lsb) ? { lsb_release: pick(lsb, ['id', 'release', 'codename', 'description']) } : {}),
  };
}

/** What `path` leads to, in the shape it was in: `a.b` of `{a: {b: 1, c: 2}}` is `{a: {b: 1}}`. */
function project(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  // An element that has nothing keeps its place: the others are merged by theirs.
  if (Array.isArray(value)) return value.map((element) => project(element, path) ?? {});
  if (!isRecord(value) || !Object.hasOwn(value, key)) return undefined;
  const inner = project(value[key], rest);
  return inner === undefined ? undefined : { [key]: inner };
}

function merge(a: unknown, b: unknown): unknown {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((element, i) => merge(element, b[i]));
  if (isRecord(a) && isRecord(b)) {
    const merged: Record<string, unknown> = { ...a };
    for (const [key, value] of Object.entries(b)) merged[key] = key in a ? merge(a[key], value) : value;
    return merged;
  }
  return a ?? b;
}

/** Public though no search field: codes and names, no client data. */
const ALSO_PUBLIC: readonly (readonly string[])[] = [
  ['failed_rules', 'reason'],
  ['signature_trace'],
  // Without the messages of the exceptions.
  ['java_exception', 'exception', 'values', 'stacktrace', 'type'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'module'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'frames', 'module'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'frames', 'function'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'frames', 'filename'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'frames', 'lineno'],
  ['java_exception', 'exception', 'values', 'stacktrace', 'frames', 'in_app'],
];

/**
 * The processed crash as a viewer may see it: whole with `view_protected`, else the public fields and
 * the public part of its stack walk. What is in neither is dropped, known or not.
 */
export function redactProcessed(
  processed: ProcessedCrash,
  viewer: Viewer,
  fields: readonly FieldDefinition[],
): ProcessedCrash {
  if (viewer.permissions.has('view_protected')) return processed;
  const paths = fields
    .filter((f) => f.from === 'processed' && f.visibility === 'public')
    .map((f) => f.path.split('.'));
  let shown: unknown = {};
  for (const path of [...paths, ...ALSO_PUBLIC]) {
    if (path[0] !== 'json_dump') shown = merge(shown, project(processed, path) ?? {});
  }
  return {
    ...(shown as Plain),
    id: processed.id,
    signature: processed.signature,
    ...(processed.json_dump ? { json_dump: publicStack(processed.json_dump) } : {}),
  };
}
