/** Turns both forms of Breakpad's output, with what our reader knows of the dump, into a walk as rust-minidump gives it. */
import type {
  InlineFrame,
  StackFrame,
  StackModule,
  StackThread,
  StackWalk,
} from '../model/processed-crash.ts';
import type { LongFrame, LongOutput, MachineFrame, MachineOutput } from './breakpad-output.ts';
import { hex } from './minidump/bytes.ts';
import type { MinidumpData, MinidumpModule } from './minidump/data.ts';

/**
 * Breakpad prints the address a call returns to, rust-minidump one inside the call. Signatures are made of module
 * offsets, so a crash would have two: the walker's own distance (stackwalker_*.cc) is taken off.
 * Test: symbols/walkers.test.ts "both walkers agree".
 */
const RETURN_DISTANCE: Readonly<Record<string, bigint>> = {
  x86: 1n,
  amd64: 1n,
  arm: 2n,
  arm64: 4n,
  mips: 8n,
  mips64: 8n,
  ppc: 4n,
  ppc64: 8n,
  riscv: 4n,
  riscv64: 4n,
};

const INSTRUCTION_REGISTERS = ['rip', 'eip', 'pc', 'srr0'] as const;

interface Shape {
  readonly pointerBytes: number;
  readonly distance: bigint;
  readonly modules: readonly MinidumpModule[];
}

/** By name, and by address where several have that name. */
function moduleOf(name: string, address: bigint | undefined, shape: Shape): MinidumpModule | undefined {
  const named = shape.modules.filter((module) => module.filename === name);
  if (named.length < 2 || address === undefined) return named[0];
  const holds = (m: MinidumpModule): boolean => {
    const base = BigInt(m.base);
    return address >= base && address < base + BigInt(m.size);
  };
  return named.find(holds) ?? named[0];
}

const orNull = (text: string): string | null => (text === '' ? null : text);

const inlineOf = (frame: MachineFrame): InlineFrame => ({
  function: orNull(frame.function),
  file: orNull(frame.file),
  line: frame.line,
});

/** The address of a frame, as far as the output tells: from its registers, or from its offset when there are no symbols. */
function instructionOf(frame: MachineFrame, long: LongFrame | undefined, shape: Shape): bigint | undefined {
  const name = INSTRUCTION_REGISTERS.find((register) => long?.registers[register] !== undefined);
  const register = name && long?.registers[name];
  const printed = register === undefined ? undefined : BigInt(register);
  if (printed !== undefined) return printed;
  if (frame.module === '') return frame.offset;
  const module = moduleOf(frame.module, undefined, shape);
  return frame.function === '' && module ? BigInt(module.base) + frame.offset : undefined;
}

function stackFrame(
  frame: MachineFrame,
  long: LongFrame | undefined,
  index: number,
  inlines: readonly InlineFrame[],
  shape: Shape,
): StackFrame {
  const instruction = instructionOf(frame, long, shape);
  const trust = long?.trust ?? (index === 0 ? 'context' : 'none');
  const address =
    instruction !== undefined && trust !== 'context' ? instruction - shape.distance : instruction;
  const module = moduleOf(frame.module, address, shape);
  const offset =
    address !== undefined && module && address >= BigInt(module.base)
      ? address - BigInt(module.base)
      : undefined;
  return {
    frame: index,
    module: orNull(frame.module),
    module_offset: offset === undefined ? null : hex(offset, shape.pointerBytes),
    offset: address === undefined || address < 0n ? null : hex(address, shape.pointerBytes),
    function: orNull(frame.function),
    function_offset: null,
    file: orNull(frame.file),
    line: frame.line,
    inlines: inlines.length > 0 ? inlines : null,
    trust,
    missing_symbols: frame.function === '',
  };
}

/** Folds inlined frames, which come before the one they are inlined into, innermost first. */
function stackFrames(
  frames: readonly MachineFrame[],
  long: readonly LongFrame[] | undefined,
  shape: Shape,
): StackFrame[] {
  const result: StackFrame[] = [];
  let inlines: InlineFrame[] = [];
  for (const [i, frame] of frames.entries()) {
    if (long?.[i]?.trust === 'inline') {
      inlines.push(inlineOf(frame));
      continue;
    }
    result.push(stackFrame(frame, long?.[i], result.length, inlines, shape));
    inlines = [];
  }
  return result;
}

function stackModule(
  module: MinidumpModule,
  long: LongOutput | undefined,
  walked: ReadonlySet<string>,
): StackModule {
  const key = `${module.debugFile} ${module.debugId}`;
  const missing = long?.missing.has(key) ?? false;
  const corrupt = long?.corrupt.has(key) ?? false;
  return {
    filename: module.filename,
    missing_symbols: missing,
    corrupt_symbols: corrupt,
    loaded_symbols: walked.has(module.filename) && !missing && !corrupt,
  };
}

/** `long` is absent when there was no time for it: then trust, registers and inlines are not known. */
export function breakpadWalk(
  machine: MachineOutput,
  long: LongOutput | undefined,
  data: MinidumpData,
): StackWalk {
  const arch = data.system?.cpuArch ?? '';
  const shape: Shape = {
    pointerBytes: data.system?.pointerBytes ?? 8,
    distance: RETURN_DISTANCE[arch] ?? 0n,
    modules: data.modules,
  };
  const count = Math.max(data.threads.length, ...[...machine.threads.keys()].map((index) => index + 1));
  const threads: StackThread[] = [];
  const walked = new Set<string>();
  for (let i = 0; i < count; i += 1) {
    const frames = stackFrames(machine.threads.get(i) ?? [], long?.threads.get(i), shape);
    for (const frame of frames) if (frame.module && frame.function) walked.add(frame.module);
    threads.push({ frames, frame_count: frames.length });
  }
  return {
    status: 'OK',
    crash_info: {
      type: machine.reason,
      address: machine.address === null ? null : hex(BigInt(machine.address), shape.pointerBytes),
      crashing_thread: machine.crashingThread,
    },
    modules: data.modules.map((module) => stackModule(module, long, walked)),
    thread_count: threads.length,
    threads,
  };
}
