/**
 * Which modules a stack may pass through: those that some word of a thread's stack memory, or a register, points
 * into. Every return address is such a word, so symbols of other modules need not be fetched before the walk.
 */
import { BrokenDump, type DumpFile, type View } from './bytes.ts';
import type { MinidumpModule, MinidumpThread } from './data.ts';
import type { MemoryMap } from './memory.ts';

/** Of one thread. Main threads have up to 8 MiB of stack; writers cut it to what is in use. */
const MAX_STACK_BYTES = 1024 * 1024;
const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** User space of every 64-bit system ends below; arm64 keeps pointer authentication codes above. */
const HIGH_BITS = 0x7fff;

/** Modules by address. Addresses are doubles: exact below 2^53, where all user space lies. */
class AddressRanges {
  readonly #order: readonly { readonly start: number; readonly end: number; readonly index: number }[];

  constructor(modules: readonly MinidumpModule[]) {
    this.#order = modules
      .map((m, index) => ({ start: Number(BigInt(m.base)), end: Number(BigInt(m.base)) + m.size, index }))
      .sort((a, b) => a.start - b.start);
  }

  find(address: number): number | undefined {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle]?.start ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const range = this.#order[low - 1];
    return range && address < range.end ? range.index : undefined;
  }
}

function countWords(
  view: View,
  pointerBytes: number,
  ranges: AddressRanges,
  counts: Map<number, number>,
): void {
  for (let at = 0; at + pointerBytes <= view.length; at += pointerBytes) {
    const low = view.u32(view.endian === 'little' || pointerBytes === 4 ? at : at + 4);
    let address = low;
    if (pointerBytes === 8) {
      const high = view.u32(view.endian === 'little' ? at + 4 : at);
      address = (high & HIGH_BITS) * 2 ** 32 + low;
    }
    const index = address === 0 ? undefined : ranges.find(address);
    if (index !== undefined) counts.set(index, (counts.get(index) ?? 0) + 1);
  }
}

/** Where a thread's stack lies in the file, when its own entry does not say (full dumps). */
export interface StackSource {
  readonly file: DumpFile;
  readonly memory: MemoryMap;
  readonly pointerBytes: number;
}

function scanStack(thread: MinidumpThread, source: StackSource, ranges: AddressRanges): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of Object.values(thread.registers ?? {})) {
    const index = ranges.find(Number(BigInt(value) & 0x7fffffffffffn));
    if (index !== undefined) counts.set(index, 1);
  }
  const start = BigInt(thread.stackStart);
  const bytes = Math.min(thread.stackBytes, MAX_STACK_BYTES);
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const view = source.memory.read(start + BigInt(at), Math.min(CHUNK_BYTES, bytes - at));
    if (!view) break;
    countWords(view, source.pointerBytes, ranges, counts);
  }
  return counts;
}

/** Indexes into `modules`; those of the crashing thread first, then the most pointed to. */
export function stackModules(
  threads: readonly MinidumpThread[],
  crashingThread: number | null,
  modules: readonly MinidumpModule[],
  source: StackSource,
): number[] {
  const ranges = new AddressRanges(modules);
  const order = crashingThread === null ? [] : [crashingThread];
  for (let i = 0; i < threads.length; i += 1) if (i !== crashingThread) order.push(i);
  const first = new Set<number>();
  const counts = new Map<number, number>();
  let budget = MAX_TOTAL_BYTES;
  for (const index of order) {
    const thread = threads[index];
    if (!thread || budget <= 0) break;
    budget -= Math.min(thread.stackBytes, MAX_STACK_BYTES) + 1024;
    try {
      for (const [module, n] of scanStack(thread, source, ranges)) {
        if (index === crashingThread) first.add(module);
        counts.set(module, (counts.get(module) ?? 0) + n);
      }
    } catch (error) {
      if (!(error instanceof BrokenDump)) throw error;
    }
  }
  return [...counts.keys()].sort(
    (a, b) => Number(first.has(b)) - Number(first.has(a)) || (counts.get(b) ?? 0) - (counts.get(a) ?? 0),
  );
}
