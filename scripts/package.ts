/**
 * Makes the tarball that is published, in the clone's own folder, and prints its path. Bare `npm pack` cannot: `.npmrc`
 * blocks `prepack`, and what it would pack has no `dist`. The clone's package.json is private, so that a bare
 * `npm publish` ends with an error; the packed one is not.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const LISTING_LIMIT = 64 * 1024 ** 2;

interface Manifest {
  readonly private?: boolean;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: object;
}

interface Listing {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

class PackageError extends Error {}

function build(): void {
  const args = [join(root, 'scripts/build.ts'), '--vendor'];
  if (spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status !== 0)
    throw new PackageError('the build failed');
}

/** `npm pack` of a folder without any script: everything is built. */
function pack(folder: string, ...options: readonly string[]): Listing {
  const { npm_execpath: cli } = process.env;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  const args = [...first, 'pack', '--json', '--ignore-scripts', '--loglevel=error', ...options];
  const { status, stdout } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: LISTING_LIMIT,
  });
  const [listing] = status === 0 ? Object.values(JSON.parse(stdout) as readonly Listing[]) : [];
  if (!listing) throw new PackageError('npm pack failed');
  return listing;
}

/** Every string in `exports`, however deep its conditions go. */
const targets = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(targets);

function check({ files }: Listing, { bin, exports }: Manifest): void {
  const packed = new Set(files.map(({ path }) => path));
  const wanted = [...targets(bin), ...targets(exports)].map((path) => path.replace(/^\.\//, ''));
  const missing = [...wanted, 'vendor/minidump/LICENSE.breakpad'].filter((path) => !packed.has(path));
  const has = (pattern: RegExp): boolean => files.some(({ path }) => pattern.test(path));
  if (!has(/^vendor\/minidump\/[^/]+\/minidump_stackwalk/))
    missing.push('vendor/minidump/*/minidump_stackwalk');
  if (!has(/^siglists\//)) missing.push('siglists/');
  if (missing.length > 0) throw new PackageError(`the tarball would lack ${missing.join(', ')}`);
}

/** The path of the tarball. */
function makePackage(): string {
  build();
  const { private: _, ...manifest } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Manifest;
  const staging = mkdtempSync(join(tmpdir(), 'auxilio-package-'));
  try {
    for (const { path } of pack(root, '--dry-run').files) {
      mkdirSync(dirname(join(staging, path)), { recursive: true });
      cpSync(join(root, path), join(staging, path));
    }
    writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    check(pack(staging, '--dry-run'), manifest);
    return join(root, pack(staging, '--pack-destination', root).filename);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

try {
  process.stdout.write(`${makePackage()}\n`);
} catch (error) {
  if (!(error instanceof PackageError)) throw error;
  process.stderr.write(`package: ${error.message}\n`);
  process.exitCode = 1;
}
