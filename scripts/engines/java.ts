/** The Java runtimes of this machine. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './installing.ts';

export interface Java {
  /** The folder above `bin`. */
  readonly home: string;
  readonly version: number;
}

async function versionOf(home: string): Promise<number | undefined> {
  const java = join(home, 'bin', 'java');
  if (!existsSync(java)) return undefined;
  const { status, output } = await run(java, ['-XshowSettings:properties', '-version']);
  const found = /java\.specification\.version = (\d+)/.exec(output);
  return status === 0 && found?.[1] !== undefined ? Number(found[1]) : undefined;
}

/** Those of JAVA_HOME, of PATH and of /usr/lib/jvm, as well as of `others`: with a version that suits, oldest first. */
export async function findJava(
  suits: (version: number) => boolean,
  ...others: readonly string[]
): Promise<Java | undefined> {
  const onPath = await run('sh', ['-c', 'dirname "$(dirname "$(readlink -f "$(command -v java)")")"']);
  const homes = [
    process.env['JAVA_HOME'] ?? '',
    onPath.output.trim(),
    ...globSync('/usr/lib/jvm/*'),
    ...others,
  ];
  const found: Java[] = [];
  for (const home of new Set(homes)) {
    const version = await versionOf(home);
    if (version !== undefined && suits(version)) found.push({ home, version });
  }
  return found.toSorted((a, b) => a.version - b.version)[0];
}
