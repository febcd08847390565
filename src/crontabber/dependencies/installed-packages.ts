/** What is really installed: the packages that Node would load, found as Node finds them. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
}

interface PackageFile {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

async function readPackage(folder: string): Promise<PackageFile | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageFile;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** From a package's folder upwards, as `require` looks. */
async function locate(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name);
    if (await readPackage(path)) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Dependencies of dependencies too, each version once, sorted. Those for development are left out: they are not installed with the package. */
export async function installedPackages(root: string): Promise<readonly InstalledPackage[]> {
  const seen = new Set<string>();
  const found = new Map<string, InstalledPackage>();
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const { name, version, dependencies, optionalDependencies } = (await readPackage(folder)) ?? {};
    if (name !== undefined && version !== undefined && folder !== root)
      found.set(`${name}@${version}`, { name, version });
    for (const wanted of Object.keys({ ...dependencies, ...optionalDependencies })) {
      // An optional one may be for another platform.
      const path = await locate(wanted, folder);
      if (path !== undefined) waiting.push(path);
    }
  }
  return [...found.values()].sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}
