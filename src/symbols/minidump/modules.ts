/** Loaded and unloaded modules, and the ids by which their symbols are found. */
import { BrokenDump, type DumpFile, decodeText, hex, type Location, type View } from './bytes.ts';
import type { MinidumpModule, MinidumpUnloadedModule } from './data.ts';
import { countedList, describedList } from './streams.ts';

/** A process with more modules than this has not been seen; Chromium on Linux has 110, a game on Windows 400. */
export const MAX_MODULES = 16_384;
const MODULE_BYTES = 108;
const UNLOADED_BYTES = 24;

const CV_PDB70 = 0x53445352;
const CV_PDB20 = 0x3031424e;
const CV_ELF = 0x4270454c;
/** A path of 4 KiB after the record's head. */
const MAX_CV_BYTES = 24 + 4096;
/** SHA-1 build ids have 20 bytes; `ld --build-id=0x…` may give any length. */
const MAX_BUILD_ID = 64;

/** The last part of a path, whichever system it comes from. */
export const baseName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

const hexOf = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

interface DebugRecord {
  readonly debugFile: string | null;
  readonly debugId: string | null;
  /** Of an ELF file, or a Mach-O's UUID. */
  readonly codeId: string | null;
}

const NO_RECORD: DebugRecord = { debugFile: null, debugId: null, codeId: null };

/** The four fields of a GUID in the dump's byte order, the way people write them. */
function guid(view: View, at: number): string {
  const tail = view
    .sub(at + 8, 8)
    .bytes.toString('hex')
    .toUpperCase();
  return hexOf(view.u32(at), 8) + hexOf(view.u16(at + 4), 4) + hexOf(view.u16(at + 6), 4) + tail;
}

/**
 * Breakpad's debug id of an ELF file: the first 16 bytes of its build id read as a little-endian GUID, and age 0.
 * A shorter build id is filled with zeros.
 */
export function debugIdOfBuildId(buildId: Buffer): string {
  const id = Buffer.alloc(16);
  buildId.copy(id, 0, 0, 16);
  const swapped = [id.readUInt32LE(0), id.readUInt16LE(4), id.readUInt16LE(6)] as const;
  return `${hexOf(swapped[0], 8)}${hexOf(swapped[1], 4)}${hexOf(swapped[2], 4)}${id.subarray(8).toString('hex').toUpperCase()}0`;
}

function readDebugRecord(file: DumpFile, at: Location, filename: string): DebugRecord {
  if (at.size < 4) return NO_RECORD;
  const view = file.view(at.rva, Math.min(at.size, MAX_CV_BYTES), 'CodeView record');
  const signature = view.u32(0);
  if (signature === CV_PDB70) {
    const id = guid(view, 4);
    const name = decodeText(view.bytes.subarray(24));
    file.spend(name.length);
    // All zeros is what a writer puts that found no id (Crashpad on macOS for the dyld shared cache).
    if (/^0+$/.test(id)) return { debugFile: name, debugId: null, codeId: null };
    return {
      debugFile: name,
      debugId: id + view.u32(20).toString(16).toUpperCase(),
      codeId: id.toLowerCase(),
    };
  }
  if (signature === CV_PDB20) {
    const id = hexOf(view.u32(8), 8) + view.u32(12).toString(16).toUpperCase();
    return { debugFile: decodeText(view.bytes.subarray(16)), debugId: id, codeId: null };
  }
  if (signature === CV_ELF) {
    const buildId = view.bytes.subarray(4, 4 + MAX_BUILD_ID);
    // Mapped fonts and archives come as modules too, with an empty build id: nothing can be looked up by that.
    if (buildId.every((byte) => byte === 0)) return { ...NO_RECORD, debugFile: filename };
    return { debugFile: filename, debugId: debugIdOfBuildId(buildId), codeId: buildId.toString('hex') };
  }
  return NO_RECORD;
}

/** How PE files are named on symbol servers: time stamp and size of image; lower case, as rust-minidump has it. */
const peCodeId = (time: number, size: number): string =>
  time.toString(16).padStart(8, '0') + size.toString(16);

const MODULE_VERSION = 0xfeef04bd;

function version(view: View, os: string): string | null {
  if (view.u32(24) !== MODULE_VERSION || view.u32(28) !== 0x00010000) return null;
  const [high, low] = [view.u32(32), view.u32(36)];
  const apart = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff];
  // Breakpad and Crashpad put an ELF file's soname version into four whole fields.
  const whole = [high, low, view.u32(40), view.u32(44)];
  return (os === 'Windows NT' || os === 'Mac OS X' || os === 'iOS' ? apart : whole).join('.');
}

function codeId(record: DebugRecord, view: View, os: string): string | null {
  if (os === 'Windows NT') return peCodeId(view.u32(16), view.u32(8));
  return record.codeId;
}

function readModule(
  file: DumpFile,
  view: View,
  os: string,
  pointerBytes: number,
  problem: (text: string) => void,
): MinidumpModule {
  const path = file.utf16(view.u32(20), 'module name');
  const filename = baseName(path);
  let record = NO_RECORD;
  try {
    record = readDebugRecord(file, { size: view.u32(76), rva: view.u32(80) }, filename);
  } catch (error) {
    if (!(error instanceof BrokenDump)) throw error;
    problem(error.message);
  }
  return {
    path,
    base: hex(view.u64(0), pointerBytes),
    size: view.u32(8),
    filename,
    debugFile: record.debugFile === null ? null : baseName(record.debugFile),
    debugId: record.debugId,
    codeId: codeId(record, view, os),
    version: version(view, os),
  };
}

export function readModules(
  file: DumpFile,
  at: Location,
  os: string,
  pointerBytes: number,
  problem: (text: string) => void,
): MinidumpModule[] {
  const list = countedList(file, at, MODULE_BYTES, MAX_MODULES, 'module list', problem);
  const modules: MinidumpModule[] = [];
  for (let i = 0; i < list.count; i += 1) {
    try {
      modules.push(readModule(file, list.entry(i), os, pointerBytes, problem));
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
      problem(error.message);
    }
  }
  return modules;
}

export function readUnloadedModules(
  file: DumpFile,
  at: Location,
  pointerBytes: number,
  problem: (text: string) => void,
): MinidumpUnloadedModule[] {
  const list = describedList(file, at, false, UNLOADED_BYTES, MAX_MODULES, 'unloaded module list', problem);
  const modules: MinidumpUnloadedModule[] = [];
  for (let i = 0; i < list.count; i += 1) {
    try {
      const view = list.entry(i);
      modules.push({
        filename: baseName(file.utf16(view.u32(20), 'unloaded module name')),
        base: hex(view.u64(0), pointerBytes),
        size: view.u32(8),
        codeId: peCodeId(view.u32(16), view.u32(8)),
      });
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
      problem(error.message);
    }
  }
  return modules;
}
