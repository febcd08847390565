/**
 * Renews docs/report-page.png: starts Auxilio on free ports, sends the sample crash with the button of the home page,
 * and takes a picture of its report. Needs Chromium: `node scripts/screenshot.ts [PATH OF CHROMIUM]`.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { startAuxilio, temporaryFolder } from '../test/build/running-auxilio.ts';
import { SAMPLE_SIGNATURE } from '../test/build/sample-crash.ts';

const FILE = join(import.meta.dirname, '../docs/report-page.png');
const MAX_BYTES = 200_000;

async function takePicture(browser: Browser, webUrl: string, oneTimeLink: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 716 },
    deviceScaleFactor: 1,
    colorScheme: 'light',
  });
  const page = await context.newPage();
  await page.goto(oneTimeLink);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.goto(webUrl);
  await page.getByRole('button', { name: 'Send the sample crash' }).click();
  await page.getByRole('heading', { name: SAMPLE_SIGNATURE }).waitFor();
  await page.screenshot({ path: FILE });
}

const data = await temporaryFolder('auxilio-screenshot-');
try {
  const auxilio = await startAuxilio({ dataDir: data.path });
  const browser = await chromium.launch({
    executablePath: process.argv[2] ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  try {
    await takePicture(browser, auxilio.webUrl, auxilio.oneTimeLink);
  } finally {
    await browser.close();
    await auxilio.stop();
  }
} finally {
  await data.remove();
}
const { size } = await stat(FILE);
console.log(`${FILE}: ${size} bytes`);
if (size > MAX_BYTES) throw new Error(`the picture is larger than ${MAX_BYTES} bytes`);
