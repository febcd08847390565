/** Completes what a walker gave with what our reader knows: names, ids, registers, annotations, states of symbols. */
import type { StackFrame, StackModule, StackThread, StackWalk } from '../model/processed-crash.ts';
import { hex } from './minidump/bytes.ts';
import type { MinidumpData, MinidumpModule, MinidumpThread } from './minidump/data.ts';
import type { SymbolState } from './symbol-store.ts';

const fill = <T extends object>(mine: T, theirs: Partial<T> | undefined): T => {
  const known = Object.entries(theirs ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...mine, ...(Object.fromEntries(known) as Partial<T>) };
};

function endOf(module: { readonly base: string; readonly size: number }, pointerBytes: number): string {
  return hex(BigInt(module.base) + BigInt(module.size), pointerBytes);
}

function findModule(data: MinidumpData, address: string): MinidumpModule | undefined {
  const at = BigInt(address);
  return data.modules.find((m) => at >= BigInt(m.base) && at < BigInt(m.base) + BigInt(m.size));
}

/** The frame where a thread was, out of its context: all that can be had without a walker. */
function topFrame(thread: MinidumpThread, data: MinidumpData): StackFrame[] {
  if (thread.instruction === null) return [];
  const module = findModule(data, thread.instruction);
  const offset = module && BigInt(thread.instruction) - BigInt(module.base);
  return [
    {
      frame: 0,
      module: module?.filename ?? null,
      module_offset: offset === undefined ? null : hex(offset, data.system?.pointerBytes ?? 8),
      offset: thread.instruction,
      function: null,
      file: null,
      line: null,
      trust: 'context',
      missing_symbols: true,
    },
  ];
}

/** What our reader alone can say of a crash. */
export function readerWalk(data: MinidumpData, status: string): StackWalk {
  const threads = data.threads.map((thread): StackThread => {
    const frames = topFrame(thread, data);
    return { frames, frame_count: frames.length };
  });
  return { status, thread_count: threads.length, threads };
}

function completeThread(thread: StackThread, mine: MinidumpThread | undefined): StackThread {
  if (!mine) return thread;
  const [top, ...others] = thread.frames;
  const registers = top?.registers ?? mine.registers;
  return fill<StackThread>(
    { frames: [], thread_id: mine.id, thread_name: mine.name, last_error_value: mine.lastError },
    { ...thread, frames: top ? [{ ...top, registers }, ...others] : [] },
  );
}

function symbolFields(state: SymbolState | undefined): Partial<StackModule> {
  if (!state) return {};
  return {
    symbol_url: state.state === 'found' ? state.url : null,
    corrupt_symbols: state.state === 'refused',
  };
}

function completeModules(
  walked: readonly StackModule[] | undefined,
  data: MinidumpData,
  states: ReadonlyMap<number, SymbolState>,
): StackModule[] {
  const pointerBytes = data.system?.pointerBytes ?? 8;
  const mine = data.modules.map((module, index): StackModule => {
    const state = states.get(index);
    return {
      filename: module.filename,
      debug_file: module.debugFile,
      debug_id: module.debugId,
      code_id: module.codeId,
      version: module.version,
      base_addr: module.base,
      end_addr: endOf(module, pointerBytes),
      loaded_symbols: false,
      missing_symbols: state !== undefined && state.state !== 'found',
      corrupt_symbols: false,
      symbol_url: null,
      ...symbolFields(state),
    };
  });
  if (!walked || walked.length === 0) return mine;
  const byAddress = new Map(mine.map((module) => [module.base_addr, module]));
  // Breakpad's walk lists our own modules in their order and has no addresses; rust-minidump sorts by address.
  return walked.map((module, index) => {
    const own = module.base_addr ? byAddress.get(module.base_addr) : mine[index];
    if (!own) return module;
    return fill(own, { ...module, corrupt_symbols: module.corrupt_symbols || own.corrupt_symbols || false });
  });
}

function systemInfo(data: MinidumpData): NonNullable<StackWalk['system_info']> {
  const { system } = data;
  if (!system) return {};
  return {
    os: system.os,
    os_ver: system.osVersion,
    cpu_arch: system.cpuArch,
    cpu_info: system.cpuInfo,
    cpu_count: system.cpuCount,
    cpu_microcode_version: system.cpuMicrocode,
  };
}

function assertionText(data: MinidumpData): string | null {
  const { assertion } = data;
  if (!assertion) return null;
  return `${assertion.expression} at ${assertion.file}:${assertion.line} in ${assertion.function}`;
}

/** Our words for reason and address come first: rust-minidump's are the same, Breakpad's are not. */
function crashInfo(
  data: MinidumpData,
  walked: StackWalk['crash_info'],
): NonNullable<StackWalk['crash_info']> {
  const mine = {
    assertion: assertionText(data),
    crashing_thread: data.crashingThread,
    ...(data.exception && { type: data.exception.reason, address: data.exception.crashAddress }),
  };
  return fill(fill<NonNullable<StackWalk['crash_info']>>({ type: null, address: null }, walked), mine);
}

function lsbRelease(data: MinidumpData): Readonly<Record<string, string>> | null {
  const release = data.linux.lsbRelease;
  if (!release) return null;
  const keys = {
    id: 'DISTRIB_ID',
    release: 'DISTRIB_RELEASE',
    codename: 'DISTRIB_CODENAME',
    description: 'DISTRIB_DESCRIPTION',
  };
  return Object.fromEntries(Object.entries(keys).map(([key, name]) => [key, release[name] ?? '']));
}

function unloadedModules(data: MinidumpData): readonly Readonly<Record<string, unknown>>[] {
  const pointerBytes = data.system?.pointerBytes ?? 8;
  return data.unloadedModules.map((module) => ({
    filename: module.filename,
    base_addr: module.base,
    end_addr: endOf(module, pointerBytes),
    code_id: module.codeId,
    cert_subject: null,
  }));
}

function processUptime(data: MinidumpData): number | null {
  const started = data.misc?.createTime ?? null;
  return started === null || started === 0 ? null : Math.max(0, data.time - started);
}

/**
 * Breakpad on Linux copies /proc/THREAD/status of the thread that crashed: its `Pid` is the thread's, which
 * rust-minidump takes for the process; `Tgid` is the process.
 */
const processId = (data: MinidumpData): number | null =>
  data.misc?.pid ?? (Number(data.linux.status?.['Tgid'] ?? data.linux.status?.['Pid']) || null);

/** What only our reader gives: `crashpad` and `minidump_problems`. Crashpad's annotations are client data: protected. */
function ownFields(data: MinidumpData): Readonly<Record<string, unknown>> {
  return {
    ...(data.crashpad && { crashpad: data.crashpad }),
    ...(data.handles !== null && { handle_count: data.handles }),
    ...(data.problems.length > 0 && { minidump_problems: data.problems }),
  };
}

/**
 * `walk` is a walker's, or `readerWalk`. The copy of the crashing thread that rust-minidump puts at the top is left
 * out: its registers, the only thing it has more, go to the thread itself.
 */
export function completeWalk(
  walk: StackWalk,
  data: MinidumpData,
  states: ReadonlyMap<number, SymbolState>,
): StackWalk {
  const { crashing_thread: copy, ...rest } = walk as StackWalk & {
    readonly crashing_thread?: StackThread | null;
  };
  const info = crashInfo(data, walk.crash_info);
  const registers = copy?.frames?.[0]?.registers;
  const threads = (walk.threads ?? []).map((thread, index) => {
    const [top, ...others] = thread.frames;
    const isCrashing = index === info.crashing_thread && registers && top;
    const own = isCrashing ? { ...thread, frames: [{ ...top, registers }, ...others] } : thread;
    return completeThread(own, data.threads[index]);
  });
  const linux = { lsb_release: lsbRelease(data), linux_memory_map_count: data.linux.mapCount };
  return {
    ...fill<StackWalk>(
      {
        status: walk.status,
        process_uptime: processUptime(data),
        main_module: data.modules.length > 0 ? 0 : null,
        unloaded_modules: unloadedModules(data),
        ...linux,
      },
      rest,
    ),
    ...ownFields(data),
    pid: processId(data) ?? walk.pid ?? null,
    system_info: fill(systemInfo(data), walk.system_info),
    crash_info: info,
    modules: completeModules(walk.modules, data, states),
    thread_count: threads.length,
    threads,
  };
}
