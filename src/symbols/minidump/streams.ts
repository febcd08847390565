/** The container: header, stream directory, lists. Formats: Microsoft's minidumpapiset.h, Breakpad's minidump_format.h. */
import { BrokenDump, type ByteSource, DumpFile, type Endian, type Location, type View } from './bytes.ts';

export const STREAM = {
  threadList: 3,
  moduleList: 4,
  memoryList: 5,
  exception: 6,
  systemInfo: 7,
  threadExList: 8,
  memory64List: 9,
  handleData: 12,
  unloadedModuleList: 14,
  miscInfo: 15,
  memoryInfoList: 16,
  threadNames: 24,
  breakpadInfo: 0x47670001,
  assertionInfo: 0x47670002,
  linuxCpuInfo: 0x47670003,
  linuxStatus: 0x47670004,
  linuxLsbRelease: 0x47670005,
  linuxCommandLine: 0x47670006,
  linuxEnviron: 0x47670007,
  linuxAuxv: 0x47670008,
  linuxMaps: 0x47670009,
  linuxDsoDebug: 0x4767000a,
  crashpadInfo: 0x43500001,
} as const;

const STREAM_NAMES = new Map<number, string>(Object.entries(STREAM).map(([name, type]) => [type, name]));

const SIGNATURE = 0x504d444d;
const SIGNATURE_SWAPPED = 0x4d444d50;
const HEADER_BYTES = 32;
const VERSION = 0xa793;

/** Real dumps have 10 to 20 streams. */
export const MAX_STREAMS = 1024;

export interface StreamEntry extends Location {
  readonly type: number;
  readonly name: string;
}

export interface Container {
  readonly file: DumpFile;
  readonly time: number;
  readonly streams: readonly StreamEntry[];
}

/** The file does not begin as a minidump does. */
export class NoMinidump extends Error {
  override readonly name = 'NoMinidump';
  readonly status: string;

  constructor(status: string) {
    super(status);
    this.status = status;
  }
}

function openHeader(source: ByteSource): { file: DumpFile; header: View } {
  if (source.size < HEADER_BYTES) throw new NoMinidump('ERROR_NO_MINIDUMP_HEADER');
  const signature = source.read(0, 4).readUInt32LE(0);
  if (signature !== SIGNATURE && signature !== SIGNATURE_SWAPPED)
    throw new NoMinidump('ERROR_NO_MINIDUMP_HEADER');
  const endian: Endian = signature === SIGNATURE ? 'little' : 'big';
  const file = new DumpFile(source, endian);
  return { file, header: file.view(0, HEADER_BYTES, 'header') };
}

export function openContainer(source: ByteSource, problem: (text: string) => void): Container {
  const { file, header } = openHeader(source);
  // The high half of the version is the writer's own.
  if ((header.u32(4) & 0xffff) !== VERSION) throw new NoMinidump('ERROR_NO_MINIDUMP_HEADER');
  const declared = header.u32(8);
  const directory = header.u32(12);
  if (declared > MAX_STREAMS)
    problem(`the directory has ${declared} streams; the first ${MAX_STREAMS} are read`);
  const fitting = Math.max(0, Math.floor((file.size - directory) / 12));
  const count = Math.min(declared, MAX_STREAMS, fitting);
  if (fitting < declared) problem('the stream directory is cut off');
  const streams: StreamEntry[] = [];
  const view = file.viewUpTo(Math.min(directory, file.size), count * 12, 'stream directory');
  for (let i = 0; i < count; i += 1) {
    const type = view.u32(i * 12);
    if (type === 0) continue;
    const name = STREAM_NAMES.get(type) ?? `0x${type.toString(16)}`;
    streams.push({ type, name, size: view.u32(i * 12 + 4), rva: view.u32(i * 12 + 8) });
  }
  return { file, time: header.u32(20), streams };
}

export interface List {
  readonly count: number;
  entry(index: number): View;
}

/**
 * A list with a leading 32-bit count. A stream cut off in the middle gives the entries that are whole.
 * Some writers put 4 bytes of padding after the count, so that entries are aligned (64-bit Windows, Breakpad on macOS).
 * Test: symbols/minidump.test.ts "padded lists".
 */
export function countedList(
  file: DumpFile,
  at: Location,
  entryBytes: number,
  maxEntries: number,
  what: string,
  problem: (text: string) => void,
): List {
  const declared = file.view(at.rva, 4, what).u32(0);
  const padding = at.size === 8 + declared * entryBytes && declared > 0 ? 4 : 0;
  return entries(file, at.rva + 4 + padding, declared, entryBytes, maxEntries, what, problem);
}

/** A list whose header says how large the header and its entries are (the newer style). */
export function describedList(
  file: DumpFile,
  at: Location,
  count64: boolean,
  minEntryBytes: number,
  maxEntries: number,
  what: string,
  problem: (text: string) => void,
): List {
  const header = file.view(at.rva, count64 ? 16 : 12, what);
  const headerBytes = header.u32(0);
  const entryBytes = header.u32(4);
  if (headerBytes < 12 || entryBytes < minEntryBytes || entryBytes > 4096)
    throw new BrokenDump(`${what} has impossible sizes`);
  const declared = count64 ? Number(header.u64(8)) : header.u32(8);
  return entries(file, at.rva + headerBytes, declared, entryBytes, maxEntries, what, problem);
}

function entries(
  file: DumpFile,
  start: number,
  declared: number,
  entryBytes: number,
  maxEntries: number,
  what: string,
  problem: (text: string) => void,
): List {
  const fitting = Math.max(0, Math.floor((file.size - start) / entryBytes));
  if (declared > fitting) problem(`${what} is cut off`);
  if (Math.min(declared, fitting) > maxEntries)
    problem(`${what} has too many entries; the first ${maxEntries} are read`);
  const count = Math.min(declared, fitting, maxEntries);
  return { count, entry: (index) => file.view(start + index * entryBytes, entryBytes, what) };
}
