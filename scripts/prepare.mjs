// Brings a clone to where its scripts can run: packages as in the lock file, and the Node that the project carries.
// Plain JavaScript, because it runs on the system's Node (20 or newer), before ours is there.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const marker = join(root, 'node_modules', '.auxilio-installed');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const carriedNode = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

function npm(...args) {
  const { npm_execpath: cli } = process.env;
  const [command, first] = cli ? [process.execPath, [cli]] : ['npm', []];
  // npm's own chatter goes to stderr, so that what the command prints stays clean.
  const result = spawnSync(command, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    process.stderr.write(`npm ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}\n`);
    process.exit(1);
  }
}

/**
 * Starts the program once on a throw-away folder and stops it. Node strips types with a compiler that stays in memory,
 * in every thread; what it made is kept in the compile cache that `npm start` names, and later starts go without it:
 * 1 s instead of 3, 200 MB instead of 250.
 */
async function fillCompileCache() {
  const data = mkdtempSync(join(tmpdir(), 'auxilio-first-start-'));
  const child = spawn(carriedNode, [join(root, 'src/app/bin/auxilio.ts'), 'up'], {
    cwd: data,
    env: {
      PATH: process.env.PATH,
      DATA_DIR: data,
      COLLECTOR_PORT: '0',
      WEB_PORT: '0',
      LOG_LEVEL: 'silent',
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/auxilio'),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  child.stdout.on('data', (chunk) => {
    if (String(chunk).includes('Ctrl-C stops.')) child.kill('SIGTERM');
  });
  await once(child, 'close');
  rmSync(data, { recursive: true, force: true });
}

const isNew = !existsSync(marker) || readFileSync(marker, 'utf8') !== lock;
if (isNew) {
  process.stderr.write('Installing packages…\n');
  // Not `npm ci`: it refuses a lock file in which another platform's optional packages are missing, and a registry
  // mirror that has only this platform's makes such a file. `--no-save` leaves the lock file as it is.
  npm('install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error');
}
// Its install script is the only one that may run (.npmrc blocks all of them): it puts the binary in place.
if (!existsSync(carriedNode)) npm('rebuild', 'node', '--ignore-scripts=false', '--loglevel=error');
if (isNew) {
  await fillCompileCache();
  writeFileSync(marker, lock);
}
