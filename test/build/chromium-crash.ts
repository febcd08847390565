/** A real Crashpad client: Debian's Chromium makes a dump of itself, its handler uploads it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { eventually } from './running-auxilio.ts';

export const CHROMIUM = '/usr/bin/chromium';
const HANDLER = '/usr/lib/chromium/chrome_crashpad_handler';

export const chromiumMissing = (): string | undefined =>
  existsSync(CHROMIUM) && existsSync(HANDLER) ? undefined : `no ${CHROMIUM} with its crash handler here`;

/** Opens `chrome://crash` with `folder` as Crashpad's database; resolves with the path of the dump. */
export async function crashChromium(folder: string): Promise<string> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    // `--crash-dumps-dir` alone is not enough on Debian 12 with Chromium 156: its handler writes under ~/.config.
    env: { ...process.env, BREAKPAD_DUMP_LOCATION: folder },
    ignoreDefaultArgs: ['--disable-breakpad', '--disable-crash-reporter'],
    args: [
      '--no-sandbox',
      '--enable-crash-reporter-for-testing',
      '--enable-crash-reporter',
      `--crash-dumps-dir=${folder}`,
    ],
  });
  try {
    const page = await browser.newPage();
    const crashed = new Promise<void>((resolve) => page.once('crash', () => resolve()));
    // The navigation never ends: the renderer is gone.
    const navigation = page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    await navigation;
    return await eventually('the dump of the renderer', async () => {
      const [name] = await readdir(join(folder, 'pending'))
        .catch(() => [])
        .then((names) => names.filter((n) => n.endsWith('.dmp')));
      return name ? join(folder, 'pending', name) : undefined;
    });
  } finally {
    await browser.close();
  }
}

// Crashpad's settings.dat: bit 0 of the uint32 at offset 8 allows uploads; the int64 at 16 is the last attempt.
const FLAGS_AT = 8;
const LAST_ATTEMPT_AT = 16;

async function allowUploads(folder: string): Promise<void> {
  const file = await open(join(folder, 'settings.dat'), 'r+');
  try {
    const flags = Buffer.alloc(4);
    await file.read(flags, 0, 4, FLAGS_AT);
    flags.writeUInt32LE(flags.readUInt32LE(0) | 1);
    await file.write(flags, 0, 4, FLAGS_AT);
    await file.write(Buffer.alloc(8), 0, 8, LAST_ATTEMPT_AT);
  } finally {
    await file.close();
  }
}

/** Starts the handler on a database; it uploads what is pending within seconds. The caller kills it. */
export async function startHandler(folder: string, url: string): Promise<ChildProcess> {
  await allowUploads(folder);
  return spawn(
    HANDLER,
    [
      `--database=${folder}`,
      `--url=${url}`,
      '--annotation=channel=testing',
      '--no-rate-limit',
      '--initial-client-fd=3',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] },
  );
}
