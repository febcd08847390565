/** What `/__version__` answers. */
import { packageVersion } from './package-root.ts';

export const versionInfo = (): Readonly<Record<string, unknown>> => ({
  source: 'auxilio',
  version: packageVersion,
  node: process.versions.node,
});
