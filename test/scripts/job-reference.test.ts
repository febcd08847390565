import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { JOB_REFERENCE, jobReference } from '../../scripts/job-reference.ts';
import { loadDefaultJobs } from '../../src/crontabber/default-jobs.ts';
import { jobSettingsSchema } from '../../src/crontabber/job-settings.ts';

it('docs/reference/jobs.md is what the jobs say: node scripts/job-reference.ts', async () => {
  expect(await readFile(JOB_REFERENCE, 'utf8')).toBe(await jobReference());
});

it('every setting belongs to a job', async () => {
  const prefixes = (await loadDefaultJobs()).map(({ name }) => `${name.replaceAll('-', '_')}_`);
  const stray = Object.keys(jobSettingsSchema).filter(
    (key) => !prefixes.some((prefix) => key.startsWith(prefix)),
  );
  expect(stray).toEqual([]);
});
