/**
 * Builds the published package into `dist/`: JavaScript, declarations and the files that pages and samples need.
 * `--vendor` also copies Breakpad's ready-made tools and their licence out of the development dependency `minidump`,
 * whose installation script never runs.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const ASSETS = ['web/static', 'web/sample'];

function compile(): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { status } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  for (const asset of ASSETS)
    cpSync(join(root, 'src', asset), join(root, 'dist', asset), { recursive: true });
  for (const bin of readdirSync(join(root, 'dist/app/bin'))) {
    if (bin.endsWith('.js')) chmodSync(join(root, 'dist/app/bin', bin), 0o755);
  }
}

function vendor(): void {
  const from = join(root, 'node_modules', 'minidump');
  const to = join(root, 'vendor', 'minidump');
  rmSync(to, { recursive: true, force: true });
  for (const platform of readdirSync(join(from, 'bin'))) {
    mkdirSync(join(to, platform), { recursive: true });
    for (const tool of ['minidump_stackwalk', 'dump_syms']) {
      for (const name of [tool, `${tool}.exe`]) {
        if (!existsSync(join(from, 'bin', platform, name))) continue;
        cpSync(join(from, 'bin', platform, name), join(to, platform, name));
        chmodSync(join(to, platform, name), 0o755);
      }
    }
  }
  const licences = readdirSync(from).filter((name) => /^licen[cs]e/i.test(name));
  for (const name of licences) cpSync(join(from, name), join(to, name));
  cpSync(join(from, 'deps/breakpad/LICENSE'), join(to, 'LICENSE.breakpad'));
}

compile();
if (process.argv.includes('--vendor')) vendor();
