/** Generators for commands that only look: their lists stay as they are, nothing is watched, and no version is kept. */
import { join } from 'node:path';
import type { CallOptions } from '../../model/report.ts';
import { SignatureGenerator } from '../../signature/generator.ts';
import { loadLists } from '../../signature/list-folder.ts';
import type { Configuration } from '../config/configuration.ts';
import { signatureRules } from '../signature-rules.ts';
import { listFolder } from './list-folder.ts';

export interface FixedGenerator {
  readonly folder: string;
  readonly generator: SignatureGenerator;
}

/** With the lists of `--list-dir`, or those in use. */
export async function fixedGenerator(
  configuration: Configuration,
  option?: unknown,
  { signal }: CallOptions = {},
): Promise<FixedGenerator> {
  const folder = await listFolder(configuration, option);
  const lists = await loadLists(folder, {
    cacheFile: join(configuration.dataDir, 'siglists.checked'),
    signal,
  });
  const rules = await signatureRules(configuration);
  return { folder, generator: new SignatureGenerator({ lists, rules }) };
}
