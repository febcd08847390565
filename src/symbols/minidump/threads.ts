/** Threads, their names and registers, and the thread that crashed. */
import { BrokenDump, type DumpFile, hex, type Location, type View } from './bytes.ts';
import { type Context, MAX_CONTEXT_BYTES, readContext } from './context.ts';
import type { MinidumpException, MinidumpSystem, MinidumpThread } from './data.ts';
import type { MemoryMap } from './memory.ts';
import { linuxReason } from './reasons-linux.ts';
import { macReason } from './reasons-mac.ts';
import { windowsError, windowsReason, windowsTouched } from './reasons-windows.ts';
import { countedList } from './streams.ts';

/** Linux's default limit is 32,768; nobody looks at so many stacks. */
export const MAX_THREADS = 16_384;
const THREAD_BYTES = 48;
const EXCEPTION_BYTES = 168;
const MAX_PARAMETERS = 15;

export function readContextAt(file: DumpFile, at: Location, cpuArch: string): Context | undefined {
  if (at.size === 0) return undefined;
  return readContext(file.view(at.rva, Math.min(at.size, MAX_CONTEXT_BYTES), 'thread context'), cpuArch);
}

/** Thread names by thread id. */
export function readThreadNames(
  file: DumpFile,
  at: Location,
  problem: (text: string) => void,
): ReadonlyMap<number, string> {
  const list = countedList(file, at, 12, MAX_THREADS, 'thread names', problem);
  const names = new Map<number, string>();
  for (let i = 0; i < list.count; i += 1) {
    const entry = list.entry(i);
    const rva = entry.u64(4);
    try {
      if (rva > BigInt(file.size)) throw new BrokenDump('thread name lies outside the file');
      names.set(entry.u32(0), file.utf16(Number(rva), 'thread name'));
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
      problem(error.message);
    }
  }
  return names;
}

interface ThreadSources {
  readonly names: ReadonlyMap<number, string>;
  readonly system: MinidumpSystem | null;
  readonly memory: MemoryMap;
  /** The context of the exception belongs to the thread that crashed: its own is inside the handler. */
  readonly crashed: { readonly threadId: number; readonly context: Context | undefined } | undefined;
}

/** GetLastError() is 13 pointers into the thread environment block. */
function lastError(view: View, system: MinidumpSystem | null, memory: MemoryMap): string | null {
  if (system?.os !== 'Windows NT') return null;
  const teb = view.u64(16);
  if (teb === 0n) return null;
  const value = memory.read(teb + BigInt(system.pointerBytes * 13), 4);
  return value ? windowsError(value.u32(0)) : null;
}

function readThread(
  file: DumpFile,
  view: View,
  sources: ThreadSources,
  problem: (text: string) => void,
): MinidumpThread {
  const id = view.u32(0);
  const pointerBytes = sources.system?.pointerBytes ?? 8;
  let context: Context | undefined;
  let error: string | null = null;
  try {
    context = readContextAt(file, { size: view.u32(40), rva: view.u32(44) }, sources.system?.cpuArch ?? '');
    error = lastError(view, sources.system, sources.memory);
  } catch (cause) {
    if (!(cause instanceof BrokenDump)) throw cause;
    problem(cause.message);
  }
  if (sources.crashed?.threadId === id) context = sources.crashed.context ?? context;
  return {
    id,
    name: sources.names.get(id) ?? null,
    stackStart: hex(view.u64(24), pointerBytes),
    stackBytes: view.u32(32),
    instruction: context ? hex(context.instruction, pointerBytes) : null,
    registers: context?.registers ?? null,
    lastError: error,
  };
}

export function readThreads(
  file: DumpFile,
  at: Location,
  sources: ThreadSources,
  problem: (text: string) => void,
): MinidumpThread[] {
  const list = countedList(file, at, THREAD_BYTES, MAX_THREADS, 'thread list', problem);
  const threads: MinidumpThread[] = [];
  for (let i = 0; i < list.count; i += 1) threads.push(readThread(file, list.entry(i), sources, problem));
  return threads;
}

const hex8 = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;

function reasonOf(
  system: MinidumpSystem | null,
  code: number,
  flags: number,
  parameters: readonly bigint[],
): string {
  const unknown = `unknown ${hex8(code)} / ${hex8(flags)}`;
  switch (system?.os) {
    case 'Windows NT':
      return windowsReason(code, parameters);
    case 'Linux':
    case 'Android':
      return linuxReason(code, flags) ?? unknown;
    case 'Mac OS X':
    case 'iOS':
      return macReason(code, flags, system.cpuArch) ?? unknown;
    default:
      return unknown;
  }
}

export function readException(
  file: DumpFile,
  at: Location,
  system: MinidumpSystem | null,
): { readonly exception: MinidumpException; readonly context: Location } {
  const view = file.view(at.rva, EXCEPTION_BYTES, 'exception');
  const [code, flags] = [view.u32(8), view.u32(12)];
  const count = Math.min(view.u32(32), MAX_PARAMETERS);
  const parameters = Array.from({ length: count }, (_, i) => view.u64(40 + i * 8));
  const touched = system?.os === 'Windows NT' && windowsTouched(code) ? parameters[1] : undefined;
  const pointerBytes = system?.pointerBytes ?? 8;
  const address = touched ?? view.u64(24);
  return {
    exception: {
      threadId: view.u32(0),
      code,
      flags,
      reason: reasonOf(system, code, flags, parameters),
      // 32-bit writers extend the sign into the upper half.
      crashAddress: hex(pointerBytes === 4 ? address & 0xffffffffn : address, pointerBytes),
    },
    context: { size: view.u32(160), rva: view.u32(164) },
  };
}
