/** The same bench at an earlier commit, on this machine and now: numbers of other days and machines compare with nothing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..', '..');
const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();

/** The commit before what is measured: HEAD when files that were committed have changed since, else the one before it. */
export function previousCommit(): string {
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  return git('rev-parse', '--short', changed ? 'HEAD' : 'HEAD~1');
}

/** Set where an earlier commit is measured: it shall not measure the one before it. */
const WITHIN = 'AUXILIO_BENCH_WITHIN';
export const isWithin = process.env[WITHIN] !== undefined;

/** Runs `bench/NAME.ts` as it is in a commit; the `results` that it wrote. Throws when it cannot be run. */
export function resultsAt(commit: string, name: string, args: readonly string[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'auxilio-bench-'));
  try {
    const tar = execFileSync('git', ['archive', commit, 'package.json', 'src', 'bench', 'siglists'], {
      cwd: repository,
      maxBuffer: 1024 ** 3,
    });
    execFileSync('tar', ['-x', '-C', folder], { input: tar });
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    const { status } = spawnSync(process.execPath, [join(folder, 'bench', `${name}.ts`), ...args], {
      cwd: folder,
      env: { ...process.env, [WITHIN]: commit },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`bench/${name}.ts of ${commit} ended with ${status}`);
    const written = readFileSync(join(folder, 'bench', 'results', `${name}.json`), 'utf8');
    return (JSON.parse(written) as { readonly results: unknown }).results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
