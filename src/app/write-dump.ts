/** A dump to a file or to stdout, streamed. */
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { CallOptions, Dump } from '../model/report.ts';
import { CommandError } from './command.ts';

/** `output` is a path, or anything else for stdout. */
export async function writeDump(dump: Dump, output: unknown, options: CallOptions): Promise<void> {
  if (typeof output !== 'string')
    return pipeline(await dump.open(options), process.stdout, { ...options, end: false });
  const file = await create(output);
  try {
    // A stream that leaves the handle open never says `close`, for which the pipeline waits (Node 24.21).
    // Test: test/app/write-dump.test.ts.
    await pipeline(await dump.open(options), file.createWriteStream(), options);
  } finally {
    await file.close();
  }
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (cause) {
    throw new CommandError(`${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
