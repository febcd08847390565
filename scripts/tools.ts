/**
 * The programs that tests drive: a real Crashpad client and browser (Chromium), rust-minidump's walker, a C++
 * compiler for real Breakpad dumps. Installed where that is possible; a test that goes without prints why.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface ToolState {
  readonly name: string;
  readonly path: string;
  /** Why it is missing; undefined when it is there. */
  readonly missing?: string;
}

interface Tool {
  readonly name: string;
  readonly path: string;
  /** Commands that install it, in order. */
  readonly install: readonly (readonly string[])[];
  /** Why this machine cannot install it; undefined when it can. */
  cannot(): string | undefined;
}

export const cacheDir = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'auxilio');

const onPath = (name: string): boolean => spawnSync('which', [name], { stdio: 'ignore' }).status === 0;

const aptReason = (): string | undefined => {
  if (!existsSync('/usr/bin/apt-get')) return 'no apt-get here';
  return process.getuid?.() === 0 ? undefined : 'not root';
};

const apt = (...packages: readonly string[]): readonly (readonly string[])[] => [
  ['apt-get', 'update', '-qq'],
  ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
];

export const TOOLS: readonly Tool[] = [
  { name: 'chromium', path: '/usr/bin/chromium', install: apt('chromium'), cannot: aptReason },
  { name: 'g++', path: '/usr/bin/g++', install: apt('g++', 'make'), cannot: aptReason },
  {
    name: 'minidump-stackwalk',
    path: join(cacheDir, 'minidump-stackwalk', 'bin', 'minidump-stackwalk'),
    install: [
      [
        'cargo',
        'install',
        '--quiet',
        '--locked',
        'minidump-stackwalk',
        '--root',
        join(cacheDir, 'minidump-stackwalk'),
      ],
    ],
    cannot: () => (onPath('cargo') ? undefined : 'no cargo here'),
  },
];

function install(tool: Tool): string | undefined {
  for (const [command = '', ...args] of tool.install) {
    const result = spawnSync(command, args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.status !== 0) return `${command} ${args.join(' ')} failed`;
  }
  return existsSync(tool.path) ? undefined : `${tool.path} is not there after its installation`;
}

/** Installs what is missing; idempotent. */
export function ensureTools(say: (line: string) => void): ToolState[] {
  return TOOLS.map((tool) => {
    if (existsSync(tool.path)) return { name: tool.name, path: tool.path };
    const reason = tool.cannot();
    if (!reason) say(`installing ${tool.name}…`);
    const missing = reason ?? install(tool);
    return missing === undefined
      ? { name: tool.name, path: tool.path }
      : { name: tool.name, path: tool.path, missing };
  });
}
