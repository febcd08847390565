/** Makes a folder that nodes can be started from: `lib` and `classes` for their class path, `modules` beside them. */
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mavenInstall, must } from './installing.ts';
import type { Java } from './java.ts';

/** A compiler that is a jar: a Java that can run Elasticsearch need not be a whole JDK. */
const COMPILER = { group: 'org.eclipse.jdt', id: 'ecj', version: '3.43.0' };

/** `sources` are our classes, as files. */
export async function buildNode(
  version: string,
  java: Java,
  folder: string,
  sources: readonly string[],
): Promise<void> {
  const program = join(java.home, 'bin', 'java');
  const compiler = join(folder, 'compiler');
  const classes = join(folder, 'classes');
  const libraries = join(folder, 'lib', '*');
  await mavenInstall([COMPILER], compiler);
  await mavenInstall(
    [
      { group: 'org.elasticsearch', id: 'elasticsearch', version },
      { group: 'org.elasticsearch.plugin', id: 'transport-netty4', version },
    ],
    folder,
  );
  const jars = globSync(join(folder, 'lib', '*.jar')).join(':');
  const [ecj = ''] = globSync(join(compiler, 'lib', 'ecj-*.jar'));
  await must(program, ['-jar', ecj, '-17', '-nowarn', '-proc:none', '-cp', jars, '-d', classes, ...sources]);
  await must(program, ['-cp', `${classes}:${libraries}`, 'Modules', folder, version]);
  writeFileSync(join(folder, 'complete'), '');
}
