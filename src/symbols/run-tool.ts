/** Runs a native tool on hostile input: no shell, no environment, limits on time, memory and output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { AbortedError, throwIfAborted } from '../lib/abort.ts';

export interface ToolLimits {
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  /** Address space; 0 is no limit. Needs `prlimit`. */
  readonly memoryBytes: number;
  /** Path of util-linux' `prlimit`, by which the limits are set before the tool starts. */
  readonly prlimit: string | undefined;
}

export interface ToolRun {
  /** Exit code; a negative number is a signal. */
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** At most the last 10 lines, after `...` when there were more. */
  readonly stderr: string;
  readonly firstErrorLine: string;
  readonly timedOut: boolean;
  /** More output than allowed: it was killed and `stdout` is what came until then. */
  readonly overflowed: boolean;
}

/** The tool itself could not be started. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly code = 'unavailable';
}

const STDERR_BYTES = 64 * 1024;
const STDERR_LINES = 10;
/** After the tool has ended, a process it left behind may still hold its pipes open. */
const PIPE_GRACE_MS = 1000;

/** The whole process group, so that nothing the tool started stays behind. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function lastLines(text: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.length > STDERR_LINES ? ['...', ...lines.slice(-STDERR_LINES)].join('\n') : lines.join('\n');
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return -(constants.signals[signal ?? 'SIGKILL'] ?? 9);
}

/** Collects a tool's two streams within their limits. */
class Output {
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;
  #errorHead = '';
  #errorTail = '';
  overflowed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  takeOutput(chunk: Buffer): void {
    if (this.overflowed) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.overflowed = true;
    else this.#chunks.push(chunk);
  }

  takeError(chunk: Buffer): void {
    const text = chunk.toString('utf8');
    if (this.#errorHead.length < 1000) this.#errorHead += text.slice(0, 1000);
    this.#errorTail = (this.#errorTail + text).slice(-STDERR_BYTES);
  }

  result(): Pick<ToolRun, 'stdout' | 'stderr' | 'firstErrorLine' | 'overflowed'> {
    return {
      stdout: Buffer.concat(this.#chunks),
      stderr: lastLines(this.#errorTail),
      firstErrorLine: this.#errorHead.split('\n', 1)[0] ?? '',
      overflowed: this.overflowed,
    };
  }
}

function start(command: string, args: readonly string[], limits: ToolLimits): ChildProcess {
  const limited = limits.prlimit !== undefined && limits.memoryBytes > 0;
  // No core dumps of a tool that crashes on a hostile dump: they would fill the disk.
  const argv = limited
    ? [limits.prlimit as string, `--as=${limits.memoryBytes}`, '--core=0', command, ...args]
    : [command, ...args];
  return spawn(argv[0] as string, argv.slice(1), {
    detached: true,
    env: {},
    shell: false,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Rejects with `ToolError` when it cannot be started and with `AbortedError` when the signal aborts; nothing of it lives on. */
export async function runTool(
  command: string,
  args: readonly string[],
  limits: ToolLimits,
  signal?: AbortSignal | undefined,
): Promise<ToolRun> {
  throwIfAborted(signal);
  const child = start(command, args, limits);
  const output = new Output(limits.maxOutputBytes);
  const ended = Promise.withResolvers<number>();
  let timedOut = false;
  let grace: NodeJS.Timeout | undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    output.takeOutput(chunk);
    if (output.overflowed) killGroup(child);
  });
  child.stderr?.on('data', (chunk: Buffer) => output.takeError(chunk));
  child.on('error', (cause) => ended.reject(new ToolError(`${command} cannot be run`, { cause })));
  child.on('exit', () => {
    killGroup(child);
    grace = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, PIPE_GRACE_MS);
  });
  child.on('close', (code, name) => ended.resolve(exitCodeOf(code, name)));
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, limits.timeoutMs);
  const onAbort = (): void => killGroup(child);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const exitCode = await ended.promise;
    if (signal?.aborted) throw new AbortedError('aborted', { cause: signal.reason });
    const result = output.result();
    if (exitCode > 125 && result.firstErrorLine.startsWith('prlimit: '))
      throw new ToolError(`${command} cannot be run: ${result.firstErrorLine}`);
    return { exitCode, timedOut, ...result };
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal?.removeEventListener('abort', onAbort);
  }
}
