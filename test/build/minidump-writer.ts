/**
 * Builds minidumps for tests: every stream our reader knows, whole or broken on purpose. Layouts are those of
 * Breakpad's minidump_format.h and Crashpad's minidump_extensions.h.
 */
import { writeCrashpad } from './minidump-crashpad.ts';
import { writeModules, writeUnloadedModules } from './minidump-modules.ts';
import { MinidumpOut } from './minidump-out.ts';
import type { MinidumpSpec } from './minidump-spec.ts';

function writeSystem(out: MinidumpOut, spec: MinidumpSpec): void {
  const s = spec.system;
  if (!s) return;
  const csd = s.csd === undefined ? 0 : out.string(s.csd);
  const [major = 0, minor = 0, build = 0] = s.version ?? [];
  const head = out.pack([16, s.arch], [16, s.level ?? 6], [16, s.revision ?? 0], [8, s.cpus ?? 4], [8, 1]);
  const rest = out.pack([32, major], [32, minor], [32, build], [32, s.platform], [32, csd], [16, 0], [16, 0]);
  const cpu = Array.from({ length: 6 }, (_, i): readonly [32, number] => [32, s.cpu?.[i] ?? 0]);
  out.stream(7, Buffer.concat([head, rest, out.pack(...cpu)]));
}

function writeThreads(out: MinidumpOut, spec: MinidumpSpec): void {
  const threads = spec.threads;
  if (!threads) return;
  const entries = threads.map((t) => {
    const stack = t.stack ? out.add(t.stack.bytes) : 0;
    const context = t.context ? out.add(t.context) : 0;
    return out.pack(
      [32, t.id],
      [32, 0],
      [32, 0],
      [32, 0],
      [64, t.teb ?? 0n],
      [64, t.stack?.start ?? 0n],
      [32, t.stack?.bytes.length ?? 0],
      [32, stack],
      [32, t.context?.length ?? 0],
      [32, context],
    );
  });
  out.stream(3, out.list(entries.length, entries));
  const named = threads.filter((t) => t.name !== undefined);
  if (named.length === 0) return;
  const names = named.map((t) => out.pack([32, t.id], [64, out.string(t.name ?? '')]));
  out.stream(24, out.list(names.length, names));
}

function writeMemory(out: MinidumpOut, spec: MinidumpSpec): void {
  const { memory, memory64, memoryInfo } = spec;
  if (memory) {
    const entries = memory.map((m) => out.pack([64, m.start], [32, m.bytes.length], [32, out.add(m.bytes)]));
    out.stream(5, out.list(entries.length, entries));
  }
  if (memoryInfo !== undefined) {
    const head = out.pack([32, 16], [32, 48], [64, memoryInfo]);
    out.stream(16, Buffer.concat([head, Buffer.alloc(48 * memoryInfo)]));
  }
  if (memory64) {
    const at = out.add(Buffer.concat(memory64.map((m) => m.bytes)));
    const entries = memory64.map((m) => out.pack([64, m.start], [64, m.bytes.length]));
    out.stream(9, Buffer.concat([out.pack([64, entries.length], [64, at]), ...entries]));
  }
}

function writeException(out: MinidumpOut, spec: MinidumpSpec): void {
  const e = spec.exception;
  if (!e) return;
  const context = e.context ? out.add(e.context) : 0;
  const parameters = Array.from({ length: 15 }, (_, i): readonly [64, bigint] => [
    64,
    e.parameters?.[i] ?? 0n,
  ]);
  const head = out.pack(
    [32, e.thread],
    [32, 0],
    [32, e.code],
    [32, e.flags ?? 0],
    [64, 0],
    [64, e.address ?? 0n],
    [32, e.parameters?.length ?? 0],
    [32, 0],
  );
  const tail = out.pack(...parameters, [32, e.context?.length ?? 0], [32, context]);
  out.stream(6, Buffer.concat([head, tail]));
}

function writeSmallStreams(out: MinidumpOut, spec: MinidumpSpec): void {
  const { misc, breakpad, assertion, handles, linux, raw } = spec;
  if (misc) out.stream(15, out.pack([32, 24], [32, 3], [32, misc.pid], [32, misc.created], [32, 1], [32, 2]));
  if (breakpad) {
    const { dumpThread, requestingThread } = breakpad;
    const validity = (dumpThread === undefined ? 0 : 1) | (requestingThread === undefined ? 0 : 2);
    out.stream(0x47670001, out.pack([32, validity], [32, dumpThread ?? 0], [32, requestingThread ?? 0]));
  }
  if (assertion) {
    const text = (value: string): Buffer =>
      Buffer.concat([out.utf16(value), Buffer.alloc(256)]).subarray(0, 256);
    const parts = [text(assertion.expression), text(assertion.function), text(assertion.file)];
    out.stream(0x47670002, Buffer.concat([...parts, out.pack([32, assertion.line], [32, 0])]));
  }
  if (handles !== undefined) out.stream(12, out.pack([32, 16], [32, 32], [32, handles], [32, 0]));
  const types = {
    cpuinfo: 0x47670003,
    status: 0x47670004,
    lsb: 0x47670005,
    cmdline: 0x47670006,
    maps: 0x47670009,
  };
  for (const [name, text] of Object.entries(linux ?? {}))
    out.stream(types[name as keyof typeof types], Buffer.from(text));
  for (const { type, bytes } of raw ?? []) out.stream(type, bytes);
}

const STREAMS: readonly ((out: MinidumpOut, spec: MinidumpSpec) => void)[] = [
  writeSystem,
  writeException,
  writeThreads,
  writeModules,
  writeUnloadedModules,
  writeMemory,
  writeCrashpad,
  writeSmallStreams,
];

export function buildMinidump(spec: MinidumpSpec): Buffer {
  const out = new MinidumpOut(spec);
  for (const write of STREAMS) write(out, spec);
  return out.finish(spec.time ?? 0);
}
