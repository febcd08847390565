/**
 * Our own reader of the minidump container. It never throws on content: what is broken becomes a line in `problems`
 * and what is whole is given. It does not walk stacks.
 */
import { BrokenDump, type ByteSource, type DumpFile } from './bytes.ts';
import type { Context } from './context.ts';
import { readCrashpad } from './crashpad.ts';
import type { LinuxData, MinidumpData, MinidumpException, MinidumpSystem, MinidumpThread } from './data.ts';
import { addMemory64List, addMemoryList, MemoryMap, memoryInfoCount } from './memory.ts';
import { readModules, readUnloadedModules } from './modules.ts';
import {
  type BreakpadInfo,
  keyValueLines,
  readAssertion,
  readBreakpadInfo,
  readMisc,
  readProcText,
} from './small-streams.ts';
import { stackModules } from './stack-modules.ts';
import { NoMinidump, openContainer, STREAM, type StreamEntry } from './streams.ts';
import { readSystem } from './system.ts';
import { readContextAt, readException, readThreadNames, readThreads } from './threads.ts';

/** A dump in which every entry is broken gives this many lines, not thousands. */
const MAX_PROBLEMS = 50;

/** The data of a dump that could not be read at all. */
export const nothing = (status: string): MinidumpData => ({
  status,
  time: 0,
  streams: [],
  system: null,
  exception: null,
  crashingThread: null,
  threads: [],
  modules: [],
  stackModules: [],
  unloadedModules: [],
  memory: { ranges: 0, bytes: 0, infoRegions: 0 },
  misc: null,
  crashpad: null,
  assertion: null,
  linux: { lsbRelease: null, commandLine: null, status: null, mapCount: null },
  handles: null,
  problems: [],
});

/** What the readers of single streams share: the file, its streams by type, and the list of problems. */
class Streams {
  readonly file: DumpFile;
  readonly problems: string[];
  readonly #byType = new Map<number, StreamEntry>();

  constructor(file: DumpFile, streams: readonly StreamEntry[], problems: string[]) {
    this.file = file;
    this.problems = problems;
    for (const stream of streams) {
      if (this.#byType.has(stream.type))
        this.problem(`stream ${stream.name} is there twice; the first one counts`);
      else this.#byType.set(stream.type, stream);
    }
  }

  readonly problem = (text: string): void => {
    if (this.problems.length < MAX_PROBLEMS && !this.problems.includes(text)) this.problems.push(text);
  };

  has(type: number): boolean {
    return this.#byType.has(type);
  }

  /** The value of a stream; null when it is not there or broken. */
  read<T>(
    type: number,
    reader: (file: DumpFile, at: StreamEntry, problem: (text: string) => void) => T,
  ): T | null {
    const at = this.#byType.get(type);
    if (!at) return null;
    try {
      return reader(this.file, at, this.problem);
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
      this.problem(error.message);
      return null;
    }
  }
}

function readLinux(streams: Streams): LinuxData {
  const text = (type: number, what: string): string | null =>
    streams.read(type, (file, at) => readProcText(file, at, what));
  const lsb = text(STREAM.linuxLsbRelease, 'lsb-release');
  const status = text(STREAM.linuxStatus, 'process status');
  const maps = text(STREAM.linuxMaps, 'memory maps');
  const commandLine = text(STREAM.linuxCommandLine, 'command line');
  return {
    lsbRelease: lsb === null ? null : keyValueLines(lsb, '='),
    commandLine: commandLine === null ? null : commandLine.replace(/\0+$/, '').replaceAll('\0', ' '),
    status: status === null ? null : keyValueLines(status, ':'),
    mapCount: maps === null ? null : maps.split('\n').filter((line) => line !== '').length,
  };
}

function readMemory(streams: Streams): MemoryMap {
  const memory = new MemoryMap(streams.file);
  streams.read(STREAM.memoryList, (file, at, problem) => addMemoryList(file, at, memory, problem));
  streams.read(STREAM.memory64List, (file, at, problem) => addMemory64List(file, at, memory, problem));
  return memory;
}

interface Crash {
  readonly exception: MinidumpException | null;
  readonly context: Context | undefined;
}

function readCrash(streams: Streams, system: MinidumpSystem | null): Crash {
  const found = streams.read(STREAM.exception, (file, at) => readException(file, at, system));
  if (!found) return { exception: null, context: undefined };
  let context: Context | undefined;
  try {
    context = readContextAt(streams.file, found.context, system?.cpuArch ?? '');
  } catch (error) {
    if (!(error instanceof BrokenDump)) throw error;
    streams.problem(error.message);
  }
  return { exception: found.exception, context };
}

/** The thread of the exception, else the one that asked for the dump. */
function crashingThread(
  threads: readonly MinidumpThread[],
  exception: MinidumpException | null,
  breakpad: BreakpadInfo | null,
): number | null {
  const id = exception?.threadId ?? breakpad?.requestingThread;
  const index = threads.findIndex((thread) => thread.id === id);
  return index === -1 ? null : index;
}

function readStreams(streams: Streams, time: number, entries: readonly StreamEntry[]): MinidumpData {
  const cpuinfo = streams.read(STREAM.linuxCpuInfo, (file, at) =>
    keyValueLines(readProcText(file, at, 'cpuinfo'), ':'),
  );
  const system = streams.read(STREAM.systemInfo, (file, at, problem) =>
    readSystem(file, at, cpuinfo ?? undefined, problem),
  );
  const os = system?.os ?? '';
  const pointerBytes = system?.pointerBytes ?? 8;
  const memory = readMemory(streams);
  const crash = readCrash(streams, system);
  const names = streams.read(STREAM.threadNames, readThreadNames) ?? new Map<number, string>();
  const crashed = crash.exception && { threadId: crash.exception.threadId, context: crash.context };
  const threads = streams.read(STREAM.threadList, (file, at, problem) =>
    readThreads(file, at, { names, system, memory, crashed: crashed ?? undefined }, problem),
  );
  const breakpad = streams.read(STREAM.breakpadInfo, readBreakpadInfo);
  const modules = streams.read(STREAM.moduleList, (file, at, problem) =>
    readModules(file, at, os, pointerBytes, problem),
  );
  const unloaded = streams.read(STREAM.unloadedModuleList, (file, at, problem) =>
    readUnloadedModules(file, at, pointerBytes, problem),
  );
  const crashing = crashingThread(threads ?? [], crash.exception, breakpad);
  const stacks = { file: streams.file, memory, pointerBytes };
  return {
    status: threads ? 'OK' : 'ERROR_NO_THREAD_LIST',
    time,
    streams: entries.map(({ type, name, size }) => ({ type, name, size })),
    system,
    exception: crash.exception,
    crashingThread: crashing,
    threads: threads ?? [],
    modules: modules ?? [],
    stackModules: stackModules(threads ?? [], crashing, modules ?? [], stacks),
    unloadedModules: unloaded ?? [],
    memory: {
      ranges: memory.count,
      bytes: memory.bytes,
      infoRegions: streams.read(STREAM.memoryInfoList, memoryInfoCount) ?? 0,
    },
    misc: streams.read(STREAM.miscInfo, readMisc),
    crashpad: streams.read(STREAM.crashpadInfo, readCrashpad),
    assertion: streams.read(STREAM.assertionInfo, readAssertion),
    linux: readLinux(streams),
    handles: streams.read(STREAM.handleData, (file, at) => file.view(at.rva, 16, 'handle data').u32(8)),
    problems: streams.problems,
  };
}

/** Reads everything but memory contents. Only a failing `source` makes it throw. */
export function readMinidump(source: ByteSource): MinidumpData {
  const problems: string[] = [];
  try {
    const container = openContainer(source, (text) => problems.push(text));
    return readStreams(
      new Streams(container.file, container.streams, problems),
      container.time,
      container.streams,
    );
  } catch (error) {
    if (error instanceof NoMinidump) return nothing(error.status);
    if (error instanceof BrokenDump)
      return { ...nothing('ERROR_NO_MINIDUMP_HEADER'), problems: [error.message] };
    throw error;
  }
}
