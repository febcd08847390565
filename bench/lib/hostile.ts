/** Crash data of 100 kB made to be slow; found by trying random repetitions of what the generator looks for. */
import type { CrashData, CrashDataFrame } from '../../src/signature/crash-data.ts';

export const HOSTILE_BYTES = 100_000;

/** `salt` makes each one new, so that no memo helps. */
type Make = (salt: string) => CrashData;

const repeated = (unit: string): string => unit.repeat(Math.ceil(HOSTILE_BYTES / unit.length));
const half = (unit: string): string => unit.repeat(Math.ceil(HOSTILE_BYTES / 2 / unit.length));

const stack = (...frames: readonly CrashDataFrame[]): CrashData => ({ threads: [{ frames }] });
const small = stack({ function: 'f' });

/** Names of functions; each is tried as C++, as Rust and as a module without symbols. */
const NAMES: Readonly<Record<string, (salt: string) => string>> = {
  'opening <': (salt) => `${repeated('<')}${salt}`,
  'nested < >': (salt) => `${half('<')}${salt}${half('>')}`,
  'nested ( )': (salt) => `f${half('(')}${salt}${half(')')}`,
  'opening ( with spaces': (salt) => `${repeated('( ')}${salt}`,
  'closed ( )': (salt) => `${repeated('(a) ')}${salt}`,
  'unclosed clones': (salt) => `${repeated(' [clone')}${salt}`,
  'nested ParamTraits': (salt) => `${'IPC::ParamTraits<'.repeat(5500)}${salt}${'>'.repeat(5500)}`,
  'ParamTraits side by side': (salt) => `${repeated('|IPC::ParamTraits<a>')}${salt}`,
  'unclosed ParamTraits': (salt) => `RunWatchdog${repeated('|$_0IPC::ParamTraits<')}${salt}`,
  'mixed brackets': (salt) => `${repeated("<([{`'}])>")}${salt}`,
  'word characters': (salt) => `${repeated('a')}${salt}`,
  'other scripts': (salt) => `${half('\u00e9\u4e2d')}${salt}`,
  'half characters': (salt) => `${half('\ud800')}${salt}`,
  hashes: (salt) => `${repeated('::h')}${salt}`,
  lambdas: (salt) => `${repeated('::$_1')}${salt}`,
  'commas and spaces': (salt) => `f${repeated(' ,*&')}${salt}`,
  spaces: (salt) => `f${repeated(' ')}${salt}`,
  'spaces of other scripts': (salt) => `f${half('\u2028\u3000')}${salt}`,
  'line ends': (salt) => `f${repeated('\n')}${salt}`,
  underscores: (salt) => `__${repeated('_')}${salt}`,
  qualifiers: (salt) => `${salt}${repeated(' const&')}`,
  operators: (salt) => `${repeated('operator<')}${salt}`,
  'square brackets': (salt) => `${half('[]')}${salt}${half('[]')}[clone .cold`,
  'zeros and digits': (salt) => `@0x${repeated('0')}${salt}`,
};

const named = (make: (salt: string) => string): readonly Make[] => [
  (salt) => stack({ function: make(salt) }),
  (salt) => stack({ function: make(salt), file: '/a.rs', line: 1 }),
  (salt) => stack({ module: make(salt) }),
];

const times = <T>(count: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, i) => make(i));

const SHAPES: Readonly<Record<string, Make>> = {
  'thousands of frames': (salt) => stack(...times(3000, (i) => ({ function: `a::b${i}${salt}` }))),
  'forty long frames': (salt) =>
    stack(...times(40, (i) => ({ function: `${i}${salt}${'a<b(c) '.repeat(350)}` }))),
  'thousands of inlines': (salt) =>
    stack({
      function: 'f',
      inlines: times(3000, (i) => ({ function: `g${i}${salt}`, file: 'f.c', line: i })),
    }),
  'thousands of threads': (salt) => ({ threads: times(5000, () => ({ frames: [{ function: salt }] })) }),
  'slashes of a file': (salt) => stack({ file: `${salt}${repeated('/\\')}`, line: 1 }),
  'colons of a file': (salt) => stack({ function: salt, file: repeated(':/'), line: 1 }),
  'zeros of an offset': (salt) => stack({ offset: `0x${repeated('0')}${salt}` }),
  'digits of a thread': (salt) => ({
    ...small,
    crashing_thread: `${repeated('9')}${salt.replace(/\D/g, '')}`,
  }),
  'spaces of a thread': (salt) => ({ ...small, crashing_thread: `${repeated(' ')}${salt}` }),
  'digits of an allocation': () => ({ ...small, oom_allocation_size: repeated('9') }),
  'lines of Java': (salt) => ({ java_stack_trace: `a.B: ${salt}\n${repeated('\tat x.y(Z.java:1)\n')}` }),
  'addresses of Java': (salt) => ({
    java_stack_trace: `a.B: ${repeated('@01234567')}${salt}\n\tat x.y(Z.java:1)`,
  }),
  'colons of Java': (salt) => ({ java_stack_trace: `${repeated(': ')}${salt}\n${repeated('.java:')}` }),
  'frames of a Java exception': (salt) => ({
    java_exception: {
      exception: {
        values: [{ stacktrace: { type: salt, module: 'm', frames: times(3000, () => ({ function: 'f' })) } }],
      },
    },
  }),
  'brackets of an abort': (salt) => ({
    ...small,
    abort_message: `###!!! ABORT: unable to find a usable font ${half('(')}${salt}${half(')')}`,
  }),
  'marks of an abort': (salt) => ({ ...small, abort_message: `${repeated('###!!! ABORT: ')}${salt}` }),
  'files of an abort': (salt) => ({ ...small, abort_message: `###!!! ABORT: ${salt}${repeated(': file ')}` }),
  'deep JSON': (salt) => ({
    ...small,
    async_shutdown_timeout: `{"phase":"${salt}","conditions":${half('[')}${half(']')}}`,
  }),
  'deep objects': (salt) => ({
    ...small,
    async_shutdown_timeout: `{"phase":"${salt}","x":${half('{"a":')}1${half('}')}}`,
  }),
  'conditions of a shutdown': (salt) => ({
    ...small,
    async_shutdown_timeout: JSON.stringify({ phase: salt, conditions: times(9000, (i) => `c${9000 - i}`) }),
  }),
  'escapes of a shutdown': (salt) => ({
    ...small,
    async_shutdown_timeout: `{"phase":"${repeated('\\ud83d')}${salt}","conditions":[]}`,
  }),
  'an IPC message': (salt) => ({ ...small, ipc_message_name: `${half('\u00e9 ')}${salt}` }),
  'an IPC error': (salt) => ({ ...small, ipc_channel_error: `${half('\ud83d\ude00')}${salt}` }),
  'a reason': (salt) => ({ ...small, reason: `${repeated('STATUS_DEVICE_DATA_')}${salt}` }),
  'a hang': (salt) => ({ ...small, hang: `${repeated(' \t')}${salt}` }),
};

export const HOSTILE: ReadonlyMap<string, readonly Make[]> = new Map([
  ...Object.entries(NAMES).map(([kind, make]) => [kind, named(make)] as const),
  ...Object.entries(SHAPES).map(([kind, make]) => [kind, [make]] as const),
]);

/** Milliseconds of processor time of this thread. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The slowest of its forms, milliseconds of processor time; each form's fastest of `tries`, so that no pause counts. */
export function slowestMs(makes: readonly Make[], generate: (data: CrashData) => unknown, tries = 4): number {
  const fastest = makes.map((make, form) =>
    Math.min(
      ...times(tries, (i) => {
        const data = make(`x${form}y${i}`);
        const before = processorMs();
        generate(data);
        return processorMs() - before;
      }),
    ),
  );
  return Math.max(...fastest);
}
