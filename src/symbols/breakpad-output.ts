/**
 * What Breakpad's `minidump_stackwalk` prints, in both of its forms. The machine form (`-m`) has whole file names and
 * a separator that names cannot hold; only the long form says how a frame was found, which frames are inlined, and
 * what the registers were. Both number frames alike, so that they can be laid side by side.
 * Source: processor/stackwalk_common.cc of Breakpad.
 */
import type { FrameTrust } from '../model/processed-crash.ts';

export interface MachineFrame {
  readonly module: string;
  readonly function: string;
  readonly file: string;
  readonly line: number | null;
  /** From the line's first instruction, else the function's, else the module's, else the address itself. */
  readonly offset: bigint;
}

export interface MachineOutput {
  readonly reason: string | null;
  readonly address: string | null;
  readonly crashingThread: number | null;
  /** Frames of each thread by its index; a thread without frames is not listed. */
  readonly threads: ReadonlyMap<number, readonly MachineFrame[]>;
}

const FRAME_FIELDS = 7;
const HEX = /^0x[0-9a-f]{1,16}$/;

function machineFrame(fields: readonly string[]): MachineFrame | undefined {
  const [, , module = '', name = '', file = '', line = '', offset = ''] = fields;
  if (!HEX.test(offset)) return undefined;
  return {
    module,
    function: name,
    file,
    line: /^\d{1,9}$/.test(line) ? Number(line) : null,
    offset: BigInt(offset),
  };
}

/** Reads the machine form; undefined when the tool did not get as far as printing a crash line. */
export function parseMachineForm(text: string): MachineOutput | undefined {
  const threads = new Map<number, MachineFrame[]>();
  let crash: readonly string[] | undefined;
  for (const line of text.split('\n')) {
    const fields = line.split('|');
    if (fields[0] === 'Crash') crash = fields;
    const [thread = '', index = ''] = fields;
    if (fields.length !== FRAME_FIELDS || !/^\d{1,6}$/.test(thread) || !/^\d{1,6}$/.test(index)) continue;
    const frame = machineFrame(fields);
    if (!frame) continue;
    const frames = threads.get(Number(thread)) ?? [];
    if (Number(index) === frames.length) frames.push(frame);
    threads.set(Number(thread), frames);
  }
  if (!crash) return undefined;
  const [, reason = '', address = '', thread = ''] = crash;
  return {
    reason: reason === '' || reason === 'No crash' ? null : reason,
    address: HEX.test(address) ? address : null,
    crashingThread: /^\d{1,6}$/.test(thread) ? Number(thread) : null,
    threads,
  };
}

export interface LongFrame {
  readonly trust: FrameTrust;
  readonly registers: Readonly<Record<string, string>>;
}

export interface LongOutput {
  readonly threads: ReadonlyMap<number, readonly LongFrame[]>;
  /** `NAME DEBUGID` of modules whose symbols were looked for. */
  readonly missing: ReadonlySet<string>;
  readonly corrupt: ReadonlySet<string>;
}

const TRUST: Readonly<Record<string, FrameTrust>> = {
  'given as instruction pointer in context': 'context',
  'recovered by external stack walker': 'prewalked',
  'call frame info': 'cfi',
  'call frame info with scanning': 'cfi_scan',
  "previous frame's frame pointer": 'frame_pointer',
  'stack scanning': 'scan',
  'inline record': 'inline',
  // A leaf function's return address is in the link register.
  'simulating a return from leaf function': 'cfi',
};

const THREAD = /^Thread (\d{1,6})(?: \(.*\))?$/;
const FRAME = /^ ?\d{1,6} {2}/;
const REGISTER = /([a-z][a-z0-9]{0,7}) = (0x[0-9a-f]{1,16})/g;
const FOUND_BY = /^ {4}Found by: (.*)$/;
const MODULE = /^0x[0-9a-f]+ - 0x[0-9a-f]+ {2}.*\(WARNING: (No|Corrupt) symbols, (.*), ([0-9A-F]+)\)$/;

/** Collects one thread's frames while the lines go by. */
class LongForm {
  readonly threads = new Map<number, LongFrame[]>();
  readonly missing = new Set<string>();
  readonly corrupt = new Set<string>();
  #thread: number | undefined;
  #registers: Record<string, string> = {};

  take(line: string): void {
    const thread = THREAD.exec(line);
    if (thread) {
      this.#thread = Number(thread[1]);
      this.threads.set(this.#thread, []);
    } else if (line === 'Loaded modules:') this.#thread = undefined;
    else if (this.#thread === undefined) this.#module(line);
    else this.#frame(line, this.#thread);
  }

  #module(line: string): void {
    const match = MODULE.exec(line);
    if (match) (match[1] === 'No' ? this.missing : this.corrupt).add(`${match[2]} ${match[3]}`);
  }

  #frame(line: string, thread: number): void {
    if (FRAME.test(line)) this.#registers = {};
    const found = FOUND_BY.exec(line);
    if (found) {
      const trust = TRUST[found[1] as string] ?? 'none';
      this.threads.get(thread)?.push({ trust, registers: this.#registers });
    } else if (line.startsWith('    '))
      for (const [, name, value] of line.matchAll(REGISTER))
        this.#registers[name as string] = value as string;
  }
}

export function parseLongForm(text: string): LongOutput {
  const form = new LongForm();
  for (const line of text.split('\n')) form.take(line);
  return { threads: form.threads, missing: form.missing, corrupt: form.corrupt };
}
