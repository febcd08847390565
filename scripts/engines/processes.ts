/** Processes that outlive the command that started them: started in sessions of their own, known again, ended. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Service {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beside PATH, HOME and LANG; nothing else of ours reaches an engine. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its output is added to this file. */
  readonly log: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A process and when it began: a pid alone may be somebody else's by now. */
export interface ProcessMark {
  readonly pid: number;
  readonly began: string;
}

export async function startService(service: Service): Promise<number> {
  const log = openSync(service.log, 'a');
  try {
    const child = spawn(service.command, service.args, {
      cwd: service.cwd,
      detached: true,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        LANG: 'C.UTF-8',
        ...service.env,
      },
      ...service.user,
    });
    await once(child, 'spawn');
    child.unref();
    if (child.pid === undefined) throw new Error(`${service.command} has no pid`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** When the process began, in a form that never changes while it lives; undefined when it is no more. */
function beganAt(pid: number): string | undefined {
  if (!existsSync('/proc/self/stat')) {
    const answer = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
    return answer.status === 0 ? answer.stdout.trim() : undefined;
  }
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const threads = Number(fields[17]);
    // A zombie holds nothing any more: in a container nobody may ever ask for its exit code. But one of several
    // threads that still die looks like a zombie and has its ports (seen: test/scripts/engines.test.ts, one in five).
    if ((state === 'Z' && threads <= 1) || state === 'X') return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19]}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

export function mark(pid: number): ProcessMark | undefined {
  const began = beganAt(pid);
  return began === undefined ? undefined : { pid, began };
}

export const isAlive = (process: ProcessMark): boolean => beganAt(process.pid) === process.began;

export function signalProcess(target: ProcessMark, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function gone(targets: readonly ProcessMark[], waitMs: number): Promise<boolean> {
  const until = Date.now() + waitMs;
  while (targets.some(isAlive)) {
    if (Date.now() > until) return false;
    await sleep(50);
  }
  return true;
}

/** Ends them all: asks first, also what a test froze, and does not ask after 20 s. */
export async function endProcesses(targets: readonly ProcessMark[], signal: NodeJS.Signals): Promise<void> {
  for (const target of targets) {
    signalProcess(target, signal);
    signalProcess(target, 'SIGCONT');
  }
  if (await gone(targets, 20_000)) return;
  for (const target of targets) signalProcess(target, 'SIGKILL');
  if (!(await gone(targets, 5_000)))
    throw new Error(`pids ${targets.map((t) => t.pid).join(', ')} outlive SIGKILL`);
}
