/** Memory of the process that lies in the dump: where it is, and the few bytes of it that we read. */
import { BrokenDump, type DumpFile, type Location, type View } from './bytes.ts';
import { countedList, describedList } from './streams.ts';

/** A full dump of a browser has 20,000 ranges. */
const MAX_RANGES = 200_000;
/** Lists are read this many entries at a time. */
const CHUNK_ENTRIES = 1024;

/** Ranges of memory, sorted by address. */
export class MemoryMap {
  readonly #ranges: { readonly start: bigint; readonly size: number; readonly rva: number }[] = [];
  readonly #file: DumpFile;
  #sorted = true;
  #bytes = 0;

  constructor(file: DumpFile) {
    this.#file = file;
  }

  get count(): number {
    return this.#ranges.length;
  }

  /** Bytes of all ranges together, overlaps counted twice. */
  get bytes(): number {
    return this.#bytes;
  }

  add(start: bigint, size: number, rva: number): void {
    this.#ranges.push({ start, size, rva });
    this.#bytes += size;
    this.#sorted = false;
  }

  /** `length` bytes of the process at `address`; undefined when they are not in the dump. */
  read(address: bigint, length: number): View | undefined {
    if (!this.#sorted) this.#ranges.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    this.#sorted = true;
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.start ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low - 1];
    if (!range) return undefined;
    const inside = address - range.start;
    if (inside + BigInt(length) > BigInt(range.size)) return undefined;
    return this.#file.view(range.rva + Number(inside), length, 'memory');
  }
}

export function addMemoryList(
  file: DumpFile,
  at: Location,
  map: MemoryMap,
  problem: (text: string) => void,
): void {
  const list = countedList(file, at, 16, MAX_RANGES, 'memory list', problem);
  let outside = 0;
  for (let i = 0; i < list.count; i += 1) {
    const entry = list.entry(i);
    const [size, rva] = [entry.u32(8), entry.u32(12)];
    if (rva + size > file.size) outside += 1;
    else map.add(entry.u64(0), size, rva);
  }
  if (outside > 0) problem(`${outside} memory ranges lie outside the file`);
}

/** The ranges of a full dump: their bytes lie one after the other, so only the sizes are given. */
export function addMemory64List(
  file: DumpFile,
  at: Location,
  map: MemoryMap,
  problem: (text: string) => void,
): void {
  const header = file.view(at.rva, 16, '64-bit memory list');
  const declared = header.u64(0);
  let rva = header.u64(8);
  const fitting = Math.floor((file.size - at.rva - 16) / 16);
  if (declared > BigInt(fitting)) problem('64-bit memory list is cut off');
  const count = Math.min(Number(declared), fitting, MAX_RANGES);
  const size = BigInt(file.size);
  for (let i = 0; i < count; i += CHUNK_ENTRIES) {
    const n = Math.min(CHUNK_ENTRIES, count - i);
    const view = file.view(at.rva + 16 + i * 16, n * 16, '64-bit memory list');
    for (let j = 0; j < n; j += 1) {
      const bytes = view.u64(j * 16 + 8);
      if (rva + bytes > size) throw new BrokenDump('64-bit memory ranges lie outside the file');
      map.add(view.u64(j * 16), Number(bytes), Number(rva));
      rva += bytes;
    }
  }
}

/** How many regions the memory info list describes. */
export const memoryInfoCount = (file: DumpFile, at: Location, problem: (text: string) => void): number =>
  describedList(file, at, true, 48, Number.MAX_SAFE_INTEGER, 'memory info list', problem).count;
